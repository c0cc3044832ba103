import { generator, key } from '@weightloom/tensor-gpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { predictOrdinal } from '../../src/presto/ordinal-model.js';
import { presto, prestoPath } from '../../src/presto/presto.js';
import { proportionalOdds } from '../../src/presto/proportional-odds.js';
import golden from '../golden/ordinal.json' with { type: 'json' };

const { x, y } = golden;

/** Rows of a proportional-odds model with three cuts. */
function sample(seed: number, n: number, d: number, cuts = [0, 1.5, 2.5]) {
  const random = generator(key(seed));
  const rows = Array.from({ length: n }, () => Array.from({ length: d }, () => 2 * random.uniform() - 1));
  const labels = rows.map((row) => {
    const u = random.uniform();
    return cuts.filter((a) => u > 1 / (1 + Math.exp(-a - row[0]!))).length;
  });
  return { x: rows, y: labels };
}

describe('presto', () => {
  it.each(golden.fits)(
    'finds the minimum that scipy finds at lambda $lam, alpha $alpha, penalizeFirst $penalizeFirst',
    (fit) => {
      const { lam: lambda, alpha, penalizeFirst } = fit;
      const model = presto({ x, y, lambda, alpha, penalizeFirst });
      fit.intercepts.forEach((value, k) => expect(model.intercepts[k]).toBeCloseTo(value, 6));
      fit.slopes.forEach((row, k) =>
        row.forEach((value, j) => expect(model.slopes[k]![j]).toBeCloseTo(value, 6)),
      );
      expect(model.converged).toBe(true);
    },
  );

  it('has only intercepts, the logits of the cumulative frequencies, under a heavy penalty', () => {
    const { slopes, intercepts, nonZero } = presto({
      x: [[1], [2], [3], [4], [5], [6]],
      y: [1, 1, 1, 2, 2, 3],
      lambda: 10,
    });
    expect(slopes).toEqual([[0], [0]]);
    expect(nonZero).toBe(0);
    expect(intercepts[0]).toBeCloseTo(0, 12);
    expect(intercepts[1]).toBeCloseTo(Math.log(5), 12);
  });

  it('tends to proportional odds when the first slopes are free', () => {
    const model = presto({ x, y, lambda: 10, penalizeFirst: false });
    const shared = proportionalOdds({ x, y });
    model.slopes.forEach((row) =>
      row.forEach((value, j) => expect(value).toBeCloseTo(shared.slopes[0]![j]!, 6)),
    );
  });

  it('answers in the unit of the features: rescaling and shifting a column changes no probability', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        fc.double({ min: -9, max: 9, noNaN: true }),
        (scale, shift) => {
          const moved = x.map(([a, ...rest]) => [a! * scale + shift, ...rest]);
          const before = predictOrdinal(presto({ x, y, lambda: 0.01 }), x.slice(0, 5)).probabilities.data;
          const after = predictOrdinal(presto({ x: moved, y, lambda: 0.01 }), moved.slice(0, 5)).probabilities
            .data;
          after.forEach((p, e) => expect(p).toBeCloseTo(before[e]!, 6));
        },
      ),
      { numRuns: 10 },
    );
  });

  it('gives a constant column no slope', () => {
    const wide = x.map((row) => [...row, 7]);
    const { slopes } = presto({ x: wide, y, lambda: 0.005 });
    expect(slopes.map((row) => row[3])).toEqual([0, 0, 0]);
    const plain = presto({ x, y, lambda: 0.005 });
    slopes.forEach((row, k) => plain.slopes[k]!.forEach((value, j) => expect(row[j]).toBeCloseTo(value, 7)));
  });

  it('keeps all training probabilities above 0 where the free curves would cross', () => {
    const data = sample(1, 120, 4);
    const path = prestoPath({ ...data, count: 30, minRatio: 1e-5 });
    for (const model of path) {
      const { probabilities, crossed } = predictOrdinal(model, data.x);
      expect(crossed).toEqual([]);
      expect(probabilities.data.every((p) => p > 0)).toBe(true);
      expect(model.converged).toBe(true);
    }
    // The last models lie at the border: some gap between two curves has all but closed.
    const { data: p } = predictOrdinal(path.at(-1)!, data.x).probabilities;
    expect(p.reduce((least, value) => Math.min(least, value), 1)).toBeLessThan(1e-3);
  });

  it('reaches the constrained minimum of scipy where two of the constraints bind', () => {
    const { x: rows, y: labels, lam: lambda, objective, slopes } = golden.border;
    const model = presto({ x: rows, y: labels, lambda });
    expect(model.converged).toBe(true);
    const scale = (j: number) => {
      const mean = rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length;
      return Math.sqrt(rows.reduce((sum, row) => sum + (row[j]! - mean) ** 2, 0) / rows.length);
    };
    let penalty = 0;
    model.slopes.forEach((row, k) =>
      row.forEach((value, j) => {
        penalty += scale(j) * Math.abs(value - (k > 0 ? model.slopes[k - 1]![j]! : 0));
        expect(value).toBeCloseTo(slopes[k]![j]!, 5);
      }),
    );
    expect(lambda * penalty - model.logLikelihood).toBeCloseTo(objective, 9);
  });

  it('takes text labels in the order given', () => {
    const names = ['low', 'mid', 'high', 'top'];
    const model = presto({ x, y: y.map((code) => names[code]!), classes: names, lambda: 0.02 });
    expect(model.classes).toEqual(names);
    expect(model.slopes).toEqual(presto({ x, y, lambda: 0.02 }).slopes);
  });

  it('has one clear error for each bad input', () => {
    const good = { x: [[1], [2], [3]], y: [0, 1, 2], lambda: 1 };
    expect(() => presto({ ...good, y: [0, 1, 1] })).toThrow('presto: y has 2 class(es), expected at least 3');
    expect(() => presto({ ...good, y: ['a', 'b', 'c'] })).toThrow(
      'y[0] is text, whose order is unknown: pass classes',
    );
    expect(() => presto({ ...good, y: [0, 1, NaN] })).toThrow(
      'y[2] is NaN, expected a text or finite number',
    );
    expect(() => presto({ ...good, classes: [0, 1, 2, 3] })).toThrow('class 3 has no sample in y');
    expect(() => presto({ ...good, classes: [0, 1, 1] })).toThrow('classes holds a label twice');
    expect(() => presto({ ...good, classes: [0, 1, 5] })).toThrow('y[2] is 2, expected one of [0,1,5]');
    expect(() => presto({ ...good, x: [[1], [2], [NaN]] })).toThrow('presto: x is NaN at row 2, column 0');
    expect(() => presto({ ...good, x: [[1], [2]] })).toThrow('y has 3 labels, expected 2 as x has rows');
    expect(() => presto({ ...good, lambda: -1 })).toThrow(
      'lambda is -1, expected a finite number of at least 0',
    );
    expect(() => presto({ ...good, alpha: 2 })).toThrow('alpha is 2, expected a number from 0 to 1');
    expect(() => presto({ x: [], y: [], lambda: 1 })).toThrow('x and y are empty');
  });
});

describe('prestoPath', () => {
  it('starts where all slopes are 0, at the largest score of the intercept-only fit', () => {
    const path = prestoPath({ x, y });
    expect(path).toHaveLength(20);
    expect(path[0]!.lambda / golden.lambdaMax).toBeCloseTo(1, 5);
    expect(path[0]!.nonZero).toBe(0);
    expect(path[1]!.nonZero).toBeGreaterThan(0);
    expect(path.at(-1)!.lambda / path[0]!.lambda).toBeCloseTo(0.01, 12);
  });

  it('agrees with fits from scratch and gains likelihood as the penalty falls', () => {
    const path = prestoPath({ x, y, count: 8, minRatio: 1e-3 });
    path.forEach((model, i) => {
      if (i > 0) expect(model.logLikelihood).toBeGreaterThanOrEqual(path[i - 1]!.logLikelihood);
      const alone = presto({ x, y, lambda: model.lambda });
      alone.slopes.forEach((row, k) =>
        row.forEach((value, j) => expect(model.slopes[k]![j]).toBeCloseTo(value, 6)),
      );
    });
  });

  it('starts from proportional odds when the first slopes are free', () => {
    const [first] = prestoPath({ x, y, penalizeFirst: false });
    expect(first!.slopes[1]).toEqual(first!.slopes[0]);
    expect(first!.nonZero).toBe(3);
  });

  it('sorts given weights and refuses bad ones', () => {
    expect(prestoPath({ x, y, lambdas: [0.01, 0.1] }).map(({ lambda }) => lambda)).toEqual([0.1, 0.01]);
    expect(() => prestoPath({ x, y, lambdas: [] })).toThrow('prestoPath: lambdas is empty');
    expect(() => prestoPath({ x, y, count: 0 })).toThrow('count is 0');
    expect(() => prestoPath({ x, y, minRatio: 1 })).toThrow('minRatio is 1, expected a number in (0, 1)');
  });
});
