import { describe, expect, it } from 'vitest';
import { fromIntegers, toBigInt64, toInt32, toUint8 } from '../src/index.js';
import { refusal, refusalCode } from './helpers.js';

const integerDtypes = ['BOOL', 'U8', 'I8', 'U16', 'I16', 'U32', 'I32', 'U64', 'I64'] as const;

describe('integer tensors', () => {
  it.each(integerDtypes)('keep zero and one in %s', (dtype) => {
    const tensor = fromIntegers([0, 1], dtype);
    expect([...toInt32(tensor)]).toEqual([0, 1]);
    expect([...toUint8(tensor)]).toEqual([0, 1]);
    expect([...toBigInt64(tensor)]).toEqual([0n, 1n]);
  });

  it('keep the ends of their range', () => {
    expect([...toInt32(fromIntegers([-(2 ** 31), 2 ** 31 - 1], 'I32'))]).toEqual([-(2 ** 31), 2 ** 31 - 1]);
    expect([...toBigInt64(fromIntegers([-(2n ** 63n), 2n ** 63n - 1n], 'I64'))]).toEqual([
      -(2n ** 63n),
      2n ** 63n - 1n,
    ]);
    expect(fromIntegers([2n ** 64n - 1n], 'U64').bytes).toEqual(new Uint8Array(8).fill(255));
  });

  it('refuse what does not fit, by value and place', async () => {
    expect((await refusal(() => fromIntegers([1, 256], 'U8'))).message).toBe(
      'fromIntegers: expected whole numbers from 0 to 255, for U8, received 256 at element 1',
    );
    expect(await refusalCode(() => fromIntegers([0.5], 'I32'))).toBe('value-overflow');
    expect(await refusalCode(() => toInt32(fromIntegers([2n ** 31n], 'I64')))).toBe('value-overflow');
    expect(await refusalCode(() => toUint8(fromIntegers([-1], 'I8')))).toBe('value-overflow');
    expect(await refusalCode(() => toBigInt64(fromIntegers([2n ** 63n], 'U64')))).toBe('value-overflow');
  });

  it('are not made of floats, nor of the wrong number of values', async () => {
    expect(await refusalCode(() => fromIntegers([1], 'F32'))).toBe('unsupported-conversion');
    expect(await refusalCode(() => fromIntegers([1], 'I32', [2]))).toBe('invalid-tensor');
    expect(await refusalCode(() => toInt32({ dtype: 'F32', shape: [1], bytes: new Uint8Array(4) }))).toBe(
      'unsupported-conversion',
    );
  });
});
