import { describe, expect, it } from 'vitest';
import { cqr, restoreCqr } from '../../src/conformal/cqr.js';

const four = { lower: [0, 0, 0, 0], upper: [10, 10, 10, 10], y: [11, -2, 5, 9] };

describe('cqr', () => {
  it('widens both ends by the k-th smallest of max(lo - y, y - hi)', () => {
    // Scores 1, 2, -5, -1; at alpha 0.2 the fourth of four: 2. At alpha 0.4 the third: 1.
    const { lower, upper } = cqr({ ...four, alpha: 0.2 }).intervals({ lower: [0], upper: [1] });
    expect([lower[0], upper[0]]).toEqual([-2, 3]);
    expect(cqr({ ...four, alpha: 0.4 }).intervals({ lower: [0], upper: [1] }).upper[0]).toBe(2);
  });

  it('shrinks a band that is too wide, and reports one that vanishes as its middle', () => {
    const calibrated = cqr({ ...four, y: [5, 5, 5, 5], alpha: 0.2 });
    const { lower, upper, empty } = calibrated.intervals({ lower: [0, 0], upper: [20, 4] });
    expect([...lower]).toEqual([5, 2]);
    expect([...upper]).toEqual([15, 2]);
    expect(empty).toBe(1);
  });

  it('swaps crossing base quantiles, in calibration and prediction, and counts them', () => {
    const crossed = { lower: [10, 0, 0, 0], upper: [0, 10, 10, 10], y: four.y };
    const calibrated = cqr({ ...crossed, alpha: 0.2 });
    const { lower, upper, swapped } = calibrated.intervals({ lower: [1, 0], upper: [0, 1] });
    expect([...lower]).toEqual([-2, -2]);
    expect([...upper]).toEqual([3, 3]);
    expect(swapped).toBe(1);
  });

  it('calibrates each end at alpha/2 when asymmetric', () => {
    // Scores below: -11, 2, -5, -9; above: 1, -12, -5, -1. At alpha/2 = 0.2 each side takes its largest.
    const { lower, upper } = cqr({ ...four, alpha: 0.4, tails: 'asymmetric' }).intervals({
      lower: [0],
      upper: [0],
    });
    expect([lower[0], upper[0]]).toEqual([-2, 1]);
  });

  it('goes on from its JSON state', () => {
    const first = cqr({ ...four, alpha: 0.2 });
    const second = restoreCqr(JSON.parse(JSON.stringify(first.state())));
    const fresh = { lower: [0], upper: [10] };
    first.update(fresh, [30]);
    second.update(fresh, [30]);
    expect(second.intervals(fresh)).toEqual(first.intervals(fresh));
    expect(second.intervals(fresh).upper[0]).toBe(30);
  });

  it('refuses an empty calibration set and bounds of different lengths', () => {
    expect(() => cqr({ lower: [], upper: [], y: [], alpha: 0.1 })).toThrow(
      'cqr: the calibration set is empty',
    );
    expect(() => cqr({ ...four, upper: [1], alpha: 0.1 })).toThrow('cqr: upper has 1 values, expected 4');
  });
});
