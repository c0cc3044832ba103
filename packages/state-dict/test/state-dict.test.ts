import { tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { stateDict, StateDictError } from '../src/index.js';

describe('stateDict', () => {
  it('holds the tensors it is given, from pairs or from a record', () => {
    const w = tensor([1]);
    expect(stateDict([['a.weight', w]])['a.weight']).toBe(w);
    expect(stateDict({ 'a.weight': w })['a.weight']).toBe(w);
  });

  it('has no prototype, so that any name is safe', () => {
    const dict = stateDict([['__proto__', tensor([1])]]);
    expect(Object.keys(dict)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(dict)).toBe(null);
  });

  it('refuses a name that comes twice', () => {
    expect(() => stateDict([...(['x', 'x'] as const)].map((name) => [name, tensor([1])] as const))).toThrow(
      'stateDict: "x": expected each name once, received it twice',
    );
  });

  it('refuses values that are not tensors', () => {
    const error = catchError(() => stateDict({ x: [1, 2] as never }));
    expect(StateDictError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ where: 'stateDict: "x"', expected: 'a tensor', received: 'object' });
  });
});

function catchError(f: () => unknown): unknown {
  try {
    return f();
  } catch (error) {
    return error;
  }
}
