import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { predictQuantileRegression, quantileRegression } from '../../src/index.js';
import { solveLp } from '../../src/internal/solve-lp.js';
import type { QuantregFixture, ReferenceFixture } from '../support/golden.js';
import { golden, worst } from '../support/golden.js';
import { table } from '../support/tables.js';

const r = golden<QuantregFixture>('quantreg');
const reference = golden<ReferenceFixture>('reference');

describe('quantileRegression', () => {
  it('finds the line through the two of three points that costs least', () => {
    // Through (0, 0) and (2, 2) the third point misses by 3; every other line costs more at the median.
    const fit = quantileRegression([[0], [1], [2]], [0, 4, 2]);
    expect([...fit.coefficients.data]).toEqual([0, 1]);
    expect(fit.objective[0]).toBe(1.5);
    expect(fit.names).toEqual(['intercept', 'x1']);
    expect(fit.unique).toEqual([true]);
  });

  it('is the sample quantile when there is only an intercept', () => {
    const x = { data: [], rows: 5, columns: 0 };
    const fit = quantileRegression(x, [3, 1, 4, 1, 5], { levels: [0.3, 0.5, 0.9] });
    expect([...fit.coefficients.data]).toEqual([1, 3, 5]);
  });

  it.each(['engel', 'yacht', 'concrete'] as const)(
    'agrees with R quantreg on %s at seven levels',
    async (name) => {
      const { x, y } = await table(name);
      const fit = quantileRegression(x, y, { levels: r.taus });
      const d = fit.names.length;
      r.taus.forEach((_, k) => {
        expect(Math.abs(fit.objective[k]! / r[name].objective[k]! - 1)).toBeLessThan(1e-12);
        expect(Math.abs(fit.gap[k]!)).toBeLessThan(1e-9);
        if (!fit.unique[k]) return;
        expect(worst(fit.coefficients.data.slice(k * d, (k + 1) * d), r[name].coefficients[k]!)).toBeLessThan(
          1e-9,
        );
      });
      // Only yacht at the median has a face of optima.
      expect(fit.unique.filter((unique) => !unique).length).toBe(name === 'yacht' ? 1 : 0);
    },
  );

  it.each(['engel', 'yacht', 'concrete'] as const)(
    'agrees with R quantreg on %s with weights and without intercept',
    async (name) => {
      const { x, y } = await table(name);
      const weights = y.map((_, i) => 1 + ((i + 1) % 3));
      const weighted = quantileRegression(x, y, { levels: [0.3], weights });
      expect(worst(weighted.coefficients.data, r[name].weighted.coefficients)).toBeLessThan(1e-9);
      expect(weighted.objective[0]! / r[name].weighted.objective).toBeCloseTo(1, 12);
      const plain = quantileRegression(x, y, { levels: [0.4], intercept: false });
      expect(plain.names[0]).toBe('x1');
      expect(worst(plain.coefficients.data, r[name].no_intercept.coefficients)).toBeLessThan(1e-9);
    },
  );

  it('agrees with R quantreg on 20,000 rows, where most rows are first replaced by their means', () => {
    const { x, y } = lehmerTable(20_000);
    const fit = quantileRegression(x, y, { levels: r.lehmer.map(({ tau }) => tau) });
    r.lehmer.forEach(({ coefficients, objective }, k) => {
      expect(Math.abs(fit.objective[k]! / objective - 1)).toBeLessThan(1e-11);
      expect(worst(fit.coefficients.data.slice(k * 5, (k + 1) * 5), coefficients)).toBeLessThan(1e-6);
    });
  });

  it('agrees with R quantreg on an L1 penalty, whose lambda is twice ours times n', async () => {
    const { x, y } = await table('concrete');
    for (const { lambda, coefficients, objective } of r.concrete_lasso) {
      const fit = quantileRegression(x, y, { penalty: lambda / 2 / y.length });
      expect(fit.objective[0]! / objective).toBeCloseTo(1, 10);
      expect(worst(fit.coefficients.data, coefficients)).toBeLessThan(1e-6);
    }
  });

  it('agrees with scikit-learn on an L1 penalty with weights', async () => {
    const { x, y } = await table('concrete');
    const weights = y.map((_, i) => 1 + (i % 4));
    for (const { alpha, intercept, slopes, objective } of reference.penalised) {
      const fit = quantileRegression(x, y, { levels: [0.3], penalty: alpha, weights });
      expect(fit.objective[0]! / objective).toBeCloseTo(1, 10);
      expect(worst(fit.coefficients.data, [intercept, ...slopes])).toBeLessThan(1e-6);
      slopes.forEach((slope, j) => expect(fit.coefficients.data[j + 1] === 0).toBe(Math.abs(slope) < 1e-12));
    }
  });

  it('reaches the optimum HiGHS finds, however many rows are tied or equal', async () => {
    const cell = fc.integer({ min: -3, max: 3 });
    const rows = fc.array(fc.tuple(cell, cell, cell, fc.integer({ min: 0, max: 3 })), {
      minLength: 8,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom(0.1, 0.25, 0.5, 0.8), async (drawn, level) => {
        const x = drawn.map(([a, b]) => [a, b]);
        const y = drawn.map(([, , c]) => c);
        const weights = drawn.map(([, , , w]) => w);
        let fit;
        try {
          fit = quantileRegression(x, y, { levels: [level], weights });
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        const best = await leastCost(x, y, weights, level);
        expect(Math.abs(fit.objective[0]! - best)).toBeLessThan(1e-7 * (1 + best));
        expect(Math.abs(fit.gap[0]!)).toBeLessThan(1e-10);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it.each([
    ['a label that only three rows have', (u: number[], i: number) => [u[0]!, i % 7000 === 5 ? 1 : 0], 0, 0],
    ['whole numbers everywhere', (u: number[]) => [Math.round(6 * u[0]!), Math.round(4 * u[1]!)], 0, 1],
    ['a target and a year far from zero', (u: number[]) => [2000 + Math.floor(20 * u[0]!), u[1]!], 1e8, 0],
  ])('proves its optimum on 20,000 rows with %s', (_, features, offset, round) => {
    const lehmer = lehmerTable(20_000);
    const x = Array.from({ length: 20_000 }, (_v, i) =>
      features([...lehmer.x.data.subarray(4 * i, 4 * i + 4)], i),
    );
    const y = lehmer.y.map((value) => offset + (round > 0 ? Math.round(2 * value) : value));
    const fit = quantileRegression(x, y, { levels: [0.1, 0.9] });
    fit.gap.forEach((gap, k) => expect(Math.abs(gap)).toBeLessThan(1e-11 * fit.objective[k]!));
  });

  it('moves with the data: shifting, scaling and mirroring the target do the same to the plane', async () => {
    const { x, y } = await table('engel');
    const fit = (target: ArrayLike<number>, level: number) =>
      quantileRegression(x, target, { levels: [level] }).coefficients.data;
    const [a, b] = fit(y, 0.3) as unknown as [number, number];
    expect(
      worst(
        fit(
          y.map((value) => 2 * value + 5),
          0.3,
        ),
        [2 * a + 5, 2 * b],
      ),
    ).toBeLessThan(1e-10);
    expect(
      worst(
        fit(
          y.map((value) => -value),
          0.7,
        ),
        [-a, -b],
      ),
    ).toBeLessThan(1e-10);
  });

  it('leaves rows of weight 0 out and takes a weight of 2 as the row twice', () => {
    const x = [[1], [2], [3], [4], [5]];
    const y = [1, 3, 2, 5, 4];
    const twice = quantileRegression([...x, [3]], [...y, 2], { levels: [0.25, 0.75] });
    const weighted = quantileRegression(x, y, { levels: [0.25, 0.75], weights: [1, 1, 2, 1, 1] });
    expect(worst(weighted.objective, twice.objective)).toBeLessThan(1e-12);
    const without = quantileRegression(x, y, { weights: [1, 1, 1, 1, 0] });
    expect(without.rows).toBe(4);
    expect(without.objective[0]).toBe(quantileRegression(x.slice(0, 4), y.slice(0, 4)).objective[0]);
  });

  it('gives finite coefficients for more features than rows when there is a penalty', () => {
    const fit = quantileRegression(
      [
        [1, 2, 3],
        [3, 1, 2],
      ],
      [1, 2],
      { penalty: 0.1 },
    );
    expect(fit.coefficients.data.every(Number.isFinite)).toBe(true);
  });

  it.each([
    ['levels[1] is 0.1 after 0.5', [[1], [2], [3]], [1, 2, 4], { levels: [0.5, 0.1] }],
    ['levels[0] is 0, expected a number above 0 and below 1', [[1], [2], [3]], [1, 2, 4], { levels: [0] }],
    ['levels is empty', [[1], [2], [3]], [1, 2, 4], { levels: [] }],
    [
      '2 rows for 3 coefficients (intercept, x1, x2), expected at least 3',
      [
        [1, 2],
        [2, 5],
      ],
      [1, 2],
      {},
    ],
    [
      'column "x2" is collinear with "x1"; leave one of them out',
      [
        [1, 2],
        [2, 4],
        [4, 8],
      ],
      [1, 2, 4],
      {},
    ],
    [
      'column "b" is collinear with "intercept", "a"',
      [
        [1, 2],
        [2, 3],
        [4, 5],
      ],
      [1, 2, 4],
      { names: ['a', 'b'] },
    ],
    ['column "x1" is constant, as the intercept is', [[7], [7], [7]], [1, 2, 4], {}],
    [
      'column "x1" is all zeros',
      [
        [0, 1],
        [0, 2],
        [0, 4],
      ],
      [1, 2, 4],
      {},
    ],
    ['x is NaN at row 1, column 0', [[1], [NaN], [3]], [1, 2, 4], {}],
    ['y[2] is Infinity', [[1], [2], [3]], [1, 2, Infinity], {}],
    ['all 3 values of y are 2', [[1], [2], [3]], [2, 2, 2], {}],
    ['y has 2 values, expected 3', [[1], [2], [3]], [1, 2], {}],
    ['weights[1] is -1', [[1], [2], [3]], [1, 2, 4], { weights: [1, -1, 1] }],
    ['all 3 weights are 0', [[1], [2], [3]], [1, 2, 4], { weights: [0, 0, 0] }],
    ['penalty is -1', [[1], [2], [3]], [1, 2, 4], { penalty: -1 }],
    [
      'two columns are named "a"',
      [
        [1, 5],
        [2, 3],
        [3, 4],
      ],
      [1, 2, 4],
      { names: ['a', 'a'] },
    ],
    ['"intercept" names the added column', [[1], [2], [3]], [1, 2, 4], { names: ['intercept'] }],
  ])('refuses with: %s', (message, x, y, options) => {
    expect(() => quantileRegression(x, y, options)).toThrow(`quantileRegression: ${message}`);
    expect(() => quantileRegression(x, y, options)).toThrow(RangeError);
  });
});

describe('predictQuantileRegression', () => {
  it('puts new rows on the planes, one column per level', () => {
    const fit = quantileRegression([[0], [1], [2]], [0, 4, 2], { levels: [0.5, 0.9] });
    const { data, rows, columns } = predictQuantileRegression(fit, [[10], [-1]]);
    expect([rows, columns]).toEqual([2, 2]);
    expect([data[0], data[2]]).toEqual([10, -1]);
  });

  it('refuses another number of columns', () => {
    const fit = quantileRegression([[0], [1], [2]], [0, 4, 2]);
    expect(() => predictQuantileRegression(fit, [[1, 2]])).toThrow('x has 2 columns, expected 1 (x1)');
  });
});

/** The data of the fixture's `lehmer` entry: the minimal standard generator. */
function lehmerTable(n: number) {
  let state = 1;
  const draw = () => (state = (state * 16807) % 2147483647) / 2147483647;
  const data = new Float64Array(4 * n);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const u = Array.from({ length: 16 }, draw);
    data.set(u.slice(0, 4), 4 * i);
    const noise = u.slice(4).reduce((sum, value) => sum + value, 0) - 6;
    y[i] = 1 + u[0]! - 2 * u[1]! + (0.5 + u[2]!) * noise;
  }
  return { x: { data, rows: n, columns: 4 }, y };
}

/** Optimum of the primal program `min τ w'u + (1 - τ) w'v, X b + u - v = y` with HiGHS. */
async function leastCost(x: number[][], y: number[], weights: number[], level: number): Promise<number> {
  const n = y.length;
  const width = 3 + 2 * n;
  const matrix = x.map((row, i) => {
    const line = new Float64Array(width);
    line.set([1, ...row]);
    line[3 + i] = 1;
    line[3 + n + i] = -1;
    return line;
  });
  const cost = Float64Array.from({ length: width }, (_, j) => {
    if (j < 3) return 0;
    return j < 3 + n ? -level * weights[j - 3]! : -(1 - level) * weights[j - 3 - n]!;
  });
  const lower = Float64Array.from({ length: width }, (_, j) => (j < 3 ? -1e6 : 0));
  const upper = new Float64Array(width).fill(1e6);
  const bounds = Float64Array.from(y);
  const { status, objective } = await solveLp('test', {
    cost,
    lower,
    upper,
    matrix,
    rowLower: bounds,
    rowUpper: bounds,
  });
  expect(status).toBe('optimal');
  return -objective;
}
