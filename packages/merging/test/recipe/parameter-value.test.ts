import { describe, expect, it } from 'vitest';
import { evaluateParameter } from '../../src/recipe/parameter-value.js';

const plain = (value: number | string | (number | string)[]) => ({ kind: 'plain', value }) as const;

describe('evaluateParameter', () => {
  it('reads a gradient over 40 layers', () => {
    const gradient = plain([0, 0.5, 0.3, 0.7, 1]);
    const at = (layer: number) => evaluateParameter(gradient, 'w', layer / 39) as number;
    const expected = { 0: 0, 5: 0.25641, 10: 0.494872, 20: 0.320513, 30: 0.723077, 39: 1 };
    for (const [layer, value] of Object.entries(expected)) expect(at(Number(layer))).toBeCloseTo(value, 6);
  });

  it('takes the value before where values are no numbers', () => {
    expect(evaluateParameter(plain(['a', 'b', 'c']), 'w', 0.6)).toBe('b');
    expect(evaluateParameter(plain(['a', 'b', 'c']), 'w', 1)).toBe('c');
  });

  it('takes the first filter that is part of the name', () => {
    const parameter = {
      kind: 'filtered',
      values: [
        { filter: 'mlp', value: [1, 3] },
        { filter: 'up', value: 5 },
        { filter: '*', value: 7 },
      ],
    } as const;
    expect(evaluateParameter(parameter, 'layers.0.mlp.up', 0.5)).toBe(2);
    expect(evaluateParameter(parameter, 'layers.0.up', 0.5)).toBe(5);
    expect(evaluateParameter(parameter, 'norm', 0.5)).toBe(7);
  });

  it('is undefined where no filter matches', () => {
    expect(evaluateParameter({ kind: 'filtered', values: [{ filter: 'x', value: 1 }] }, 'w', 0)).toBe(
      undefined,
    );
  });
});
