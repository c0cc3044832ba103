import { describe, expect, it } from 'vitest';
import { calibrateQuantiles, restoreCalibratedQuantiles } from '../../src/conformal/calibrate-quantiles.js';

const levels = [0.1, 0.4, 0.5, 0.6, 0.9];
const targets = [-3, -1, 0, 1, 2, 3, -2, 4, -4];
const predictions = targets.map(() => [-2, -1, 0, 1, 2]);

describe('calibrateQuantiles', () => {
  it('calibrates each pair of levels as a CQR band and keeps the median', () => {
    // Pair (0.1, 0.9), alpha 0.2, 8th of 9 of |y| - 2: 2. Pair (0.4, 0.6), alpha 0.8, 2nd of 9 of |y| - 1: 0.
    const { quantiles, reasons } = calibrateQuantiles({ predictions, y: targets, levels }).apply([
      [-2, -1, 7, 1, 2],
    ]);
    expect([...quantiles.data]).toEqual([-4, -1, 1, 4, 7]);
    expect(reasons).toEqual([]);
  });

  it('leaves no crossing behind and survives JSON', () => {
    const calibrated = calibrateQuantiles({ predictions, y: targets, levels });
    const again = restoreCalibratedQuantiles(JSON.parse(JSON.stringify(calibrated.state())));
    const fresh = [
      [5, -1, 0, 1, -9],
      [1, 2, 3, 4, 5],
    ];
    const { quantiles } = again.apply(fresh);
    expect(quantiles).toEqual(calibrated.apply(fresh).quantiles);
    for (let i = 0; i < 2; i++) {
      const row = [...quantiles.data.subarray(i * 5, i * 5 + 5)];
      expect(row).toEqual([...row].sort((a, b) => a - b));
    }
  });

  it('learns from a stream as if it had seen everything at once', () => {
    const stream = calibrateQuantiles({
      predictions: predictions.slice(0, 4),
      y: targets.slice(0, 4),
      levels,
    });
    stream.update(predictions.slice(4), targets.slice(4));
    const whole = calibrateQuantiles({ predictions, y: targets, levels });
    expect(stream.state()).toEqual(whole.state());
  });

  it('turns a pair infinite with a reason when there are too few rows', () => {
    const few = calibrateQuantiles({ predictions: [[0, 1]], y: [0.5], levels: [0.05, 0.95] });
    const { quantiles, reasons } = few.apply([[0, 1]]);
    expect([...quantiles.data]).toEqual([-Infinity, Infinity]);
    expect(reasons).toEqual(['1 calibration scores cannot give coverage 0.9: at least 9 are needed']);
  });

  it('refuses levels that are unsorted, out of range or without partner', () => {
    const data = { predictions: [[0, 1]], y: [0.5] };
    expect(() => calibrateQuantiles({ ...data, levels: [0.9, 0.1] })).toThrow('levels[1] is 0.1 after 0.9');
    expect(() => calibrateQuantiles({ ...data, levels: [0, 1] })).toThrow('levels[0] is 0');
    expect(() => calibrateQuantiles({ ...data, levels: [0.1, 0.8] })).toThrow('level 0.1 has no partner 0.9');
    expect(() => calibrateQuantiles({ predictions: [], y: [], levels: [0.1, 0.9] })).toThrow(
      'calibrateQuantiles: the calibration set is empty',
    );
    expect(() => calibrateQuantiles({ ...data, levels: [0.5] })).toThrow(
      'predictions has 2 columns, expected one per level',
    );
  });
});
