import { generator, key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { predictOrdinal } from '../../src/presto/ordinal-model.js';
import { prestoCv } from '../../src/presto/presto-cv.js';
import { presto } from '../../src/presto/presto.js';
import golden from '../golden/ordinal.json' with { type: 'json' };

const { x, y } = golden;

describe('prestoCv', () => {
  it('chooses the penalty with the smallest cross-validated Brier score and refits on all rows', () => {
    const { model, path, brier } = prestoCv({ x, y, key: key(1) });
    const best = brier.indexOf(Math.min(...brier));
    expect(model).toBe(path[best]);
    const alone = presto({ x, y, lambda: model.lambda });
    alone.slopes.forEach((row, k) =>
      row.forEach((value, j) => expect(model.slopes[k]![j]).toBeCloseTo(value, 6)),
    );
    expect(best).toBeGreaterThan(0);
  });

  it('scores with rows the fit has not seen, as done by hand for two folds', () => {
    // With a penalty that kills all slopes each fold predicts the class shares of the other.
    const data = { x: [[1], [2], [3], [4], [5], [6]], y: [0, 0, 1, 1, 2, 2] };
    const { brier } = prestoCv({ ...data, lambdas: [10], folds: 2, key: key(2) });
    // Stratified: shares are 1/3 each, so every row scores (2/3)² + 2 (1/3)².
    expect(brier[0]).toBeCloseTo(6 / 9, 10);
  });

  it('prefers the heavier penalty on noise', () => {
    const random = generator(key(5));
    const rows = Array.from({ length: 150 }, () => [
      random.normal(),
      random.normal(),
      random.normal(),
      random.normal(),
    ]);
    const labels = rows.map(() => random.integer(3));
    const { model, path } = prestoCv({ x: rows, y: labels, key: key(6) });
    expect(model.lambda).toBeGreaterThan(path[6]!.lambda);
  });

  it('draws the same folds from the same key', () => {
    const scores = (seed: number) => prestoCv({ x, y, count: 3, key: key(seed) }).brier;
    expect(scores(1)).toEqual(scores(1));
    expect(scores(1)).not.toEqual(scores(2));
  });

  it('beats the class shares on the golden rows', () => {
    const { model } = prestoCv({ x, y, key: key(1) });
    const p = predictOrdinal(model, x).probabilities.data;
    const shares = [0, 1, 2, 3].map((k) => y.filter((code) => code === k).length / y.length);
    const loss = (of: (i: number) => number) => y.reduce((sum, _, i) => sum - Math.log(of(i)), 0);
    expect(loss((i) => p[i * 4 + y[i]!]!)).toBeLessThan(loss((i) => shares[y[i]!]!));
  });

  it('refuses folds that a rare class cannot fill', () => {
    const rare = { x: [[1], [2], [3], [4], [5]], y: [0, 0, 1, 1, 2], key: key(0) };
    expect(() => prestoCv(rare)).toThrow('prestoCv: class 2 has 1 sample, cross-validation needs at least 2');
    expect(() => prestoCv({ x, y, folds: 1, key: key(0) })).toThrow(
      'folds is 1, expected an integer from 2 to the smallest class',
    );
  });
});
