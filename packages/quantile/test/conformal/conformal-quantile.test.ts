import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conformalQuantile } from '../../src/conformal/conformal-quantile.js';

describe('conformalQuantile', () => {
  it('takes the eighth of nine scores at alpha 0.2: (1 - 0.2) · 10 is 8, not 9', () => {
    expect(conformalQuantile([9, 8, 7, 6, 5, 4, 3, 2, 1], 0.2)).toEqual({ value: 8, reason: null });
  });

  it('takes the ninth of nine scores at alpha 0.1', () => {
    expect(conformalQuantile([3, 1, 2, 6, 5, 4, 9, 8, 7], 0.1)).toEqual({ value: 9, reason: null });
  });

  it('answers Infinity and says how many scores are needed when there are too few', () => {
    expect(conformalQuantile([1, 2, 3, 4, 5, 6, 7, 8], 0.1)).toEqual({
      value: Infinity,
      reason: '8 calibration scores cannot give coverage 0.9: at least 9 are needed',
    });
  });

  it('needs exactly the number of scores that its reason names', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.9, noNaN: true }), (alpha) => {
        const { reason } = conformalQuantile([0], alpha);
        const needed = reason === null ? 1 : Number(/at least (\d+)/.exec(reason)![1]);
        expect(conformalQuantile(new Float64Array(needed), alpha).reason).toBeNull();
        if (needed > 1) expect(conformalQuantile(new Float64Array(needed - 1), alpha).value).toBe(Infinity);
      }),
    );
  });

  it('holds at least a share 1 - alpha of the scores and does not depend on their order', () => {
    const scores = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(scores, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (list, alpha) => {
        const { value } = conformalQuantile(list, alpha);
        const inside = list.filter((score) => score <= value).length;
        expect(inside).toBeGreaterThanOrEqual(Math.floor((1 - alpha) * list.length));
        expect(conformalQuantile([...list].reverse(), alpha).value).toBe(value);
      }),
    );
  });

  it('refuses no scores, NaN and a miscoverage outside (0, 1)', () => {
    expect(() => conformalQuantile([], 0.1)).toThrow(
      'conformalQuantile: scores is empty, expected at least one',
    );
    expect(() => conformalQuantile([1, NaN], 0.1)).toThrow('conformalQuantile: scores holds NaN');
    expect(() => conformalQuantile([1], 0)).toThrow(
      'conformalQuantile: alpha is 0, expected a number in (0, 1)',
    );
    expect(() => conformalQuantile([1], 1)).toThrow(RangeError);
    expect(() => conformalQuantile([1], '0.1' as never)).toThrow(TypeError);
  });
});
