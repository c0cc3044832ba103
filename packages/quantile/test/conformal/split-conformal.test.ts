import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restoreSplitConformal, splitConformal } from '../../src/conformal/split-conformal.js';

const nine = { predictions: new Array(9).fill(0), y: [1, -2, 3, -4, 5, -6, 7, -8, 9] };

describe('splitConformal', () => {
  it('adds the eighth smallest absolute residual of nine at alpha 0.2', () => {
    const { lower, upper, reasons } = splitConformal({ ...nine, alpha: 0.2 }).intervals([10, 20]);
    expect([...lower]).toEqual([2, 12]);
    expect([...upper]).toEqual([18, 28]);
    expect(reasons).toEqual([]);
  });

  it('gives each side its own threshold when asymmetric', () => {
    // At alpha/2 = 0.1 both sides take the ninth of nine: below max(μ - y) = 8, above max(y - μ) = 9.
    const { lower, upper } = splitConformal({ ...nine, alpha: 0.2, tails: 'asymmetric' }).intervals([0]);
    expect([lower[0], upper[0]]).toEqual([-8, 9]);
  });

  it('leaves the other side open when one-sided', () => {
    const low = splitConformal({ ...nine, alpha: 0.1, tails: 'lower' }).intervals([0]);
    expect([low.lower[0], low.upper[0], low.reasons]).toEqual([-8, Infinity, []]);
    const high = splitConformal({ ...nine, alpha: 0.1, tails: 'upper' }).intervals([0]);
    expect([high.lower[0], high.upper[0], high.reasons]).toEqual([-Infinity, 9, []]);
  });

  it('divides scores by the scales and multiplies the margin by them', () => {
    const scales = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    const calibrated = splitConformal({ ...nine, alpha: 0.2, scales });
    // |y| / scale is 1 everywhere.
    const { lower, upper } = calibrated.intervals([0, 0], { scales: [0.5, 2] });
    expect([...lower]).toEqual([-0.5, -2]);
    expect([...upper]).toEqual([0.5, 2]);
  });

  it('calibrates each group by its own scores and is honest about a group it knows too little of', () => {
    const groups = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b', 'c'];
    const calibrated = splitConformal({ ...nine, alpha: 0.2, groups });
    const { upper, reasons } = calibrated.intervals([0, 0, 0, 0], { groups: ['a', 'b', 'c', 'new'] });
    expect([...upper]).toEqual([4, 8, Infinity, Infinity]);
    expect(reasons).toEqual([
      'group "c": 1 calibration scores cannot give coverage 0.8: at least 4 are needed',
      'group "new": 0 calibration scores cannot give coverage 0.8: at least 4 are needed',
    ]);
  });

  it('is infinite with a reason when the calibration set is too small', () => {
    const { lower, upper, reasons } = splitConformal({ predictions: [0], y: [1], alpha: 0.1 }).intervals([5]);
    expect([lower[0], upper[0]]).toEqual([-Infinity, Infinity]);
    expect(reasons).toEqual(['1 calibration scores cannot give coverage 0.9: at least 9 are needed']);
  });

  it('learns from a stream as if it had seen everything at once, and survives JSON on the way', () => {
    const rows = fc.array(fc.tuple(fc.double({ min: -9, max: 9, noNaN: true }), fc.constantFrom('a', 'b')), {
      minLength: 2,
      maxLength: 60,
    });
    fc.assert(
      fc.property(rows, fc.nat(60), (list, cut) => {
        const at = 1 + (cut % (list.length - 1));
        const part = (some: typeof list) => ({
          predictions: some.map(() => 0),
          y: some.map(([y]) => y),
          extras: { groups: some.map(([, group]) => group) },
        });
        const whole = part(list);
        const all = splitConformal({ ...whole, ...whole.extras, alpha: 0.3 });
        const [head, tail] = [part(list.slice(0, at)), part(list.slice(at))];
        const first = splitConformal({ ...head, ...head.extras, alpha: 0.3 });
        const later = restoreSplitConformal(JSON.parse(JSON.stringify(first.state())));
        later.update(tail.predictions, tail.y, tail.extras);
        const asked = { groups: ['a', 'b'] };
        expect(later.intervals([1, 2], asked)).toEqual(all.intervals([1, 2], asked));
      }),
    );
  });

  it('forgets the oldest scores beyond the window', () => {
    const calibrated = splitConformal({ ...nine, alpha: 0.2, window: 4 });
    expect(calibrated.intervals([0]).upper[0]).toBe(9);
    calibrated.update([0, 0, 0, 0], [1, 1, 1, 1]);
    expect(calibrated.intervals([0]).upper[0]).toBe(1);
    expect(calibrated.state().groups[0]!.scores).toEqual([[1, 1, 1, 1]]);
  });

  it('refuses a state that it did not write', () => {
    expect(() => restoreSplitConformal({} as never)).toThrow('this is not a state that splitConformal wrote');
    const state = splitConformal({ ...nine, alpha: 0.2 }).state();
    expect(() => restoreSplitConformal({ ...state, tails: 'asymmetric' })).toThrow(TypeError);
    expect(() =>
      restoreSplitConformal({ ...state, groups: [{ group: null, scores: [[1, null as never]] }] }),
    ).toThrow('scores[1] must be a number, got null');
  });

  it('has one clear error for each bad input', () => {
    const good = { ...nine, alpha: 0.2 };
    expect(() => splitConformal({ predictions: [], y: [], alpha: 0.2 })).toThrow(
      'splitConformal: the calibration set is empty, expected at least one row',
    );
    expect(() => splitConformal({ ...good, alpha: 1.5 })).toThrow(
      'alpha is 1.5, expected a number in (0, 1)',
    );
    expect(() => splitConformal({ ...good, y: [1, 2] })).toThrow('y has 2 values, expected 9');
    expect(() => splitConformal({ predictions: [0, NaN], y: [1, 2], alpha: 0.2 })).toThrow(
      'splitConformal: predictions[1] is NaN, expected a finite number',
    );
    expect(() => splitConformal({ ...good, tails: 'left' as never })).toThrow(
      'tails is "left", expected one of',
    );
    expect(() => splitConformal({ ...good, window: 0 })).toThrow('window is 0, expected an integer above 0');
    expect(() => splitConformal({ ...good, scales: [1, 1, 1, 0, 1, 1, 1, 1, 1] })).toThrow(
      'scales[3] is 0, expected a number above 0',
    );
    expect(() => splitConformal({ ...good, groups: ['a'] })).toThrow('groups has 1 labels, expected 9');
    expect(() => splitConformal(good).intervals([0], { groups: ['a'] })).toThrow(
      'groups was not used in the calibration',
    );
    expect(() => splitConformal({ ...good, scales: new Array(9).fill(1) }).intervals([0])).toThrow(
      'scales is missing',
    );
  });
});
