import { foldIn, generator, key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { candidateBasis } from '../../src/dpp/candidate-basis.js';
import { sampleProjectionDpp } from '../../src/dpp/projection-dpp.js';
import type { DesignMethod } from '../../src/dpp/sample-design.js';
import { designSampler, sampleDesign } from '../../src/dpp/sample-design.js';
import { weightedLeastSquares } from '../../src/dpp/weighted-least-squares.js';
import { binomialBounds } from '../support/binomial-bounds.js';

/** Monomials of degree 0 to `m - 1` on a grid of [-1, 1]. */
const monomials = (points: number, m: number) =>
  Array.from({ length: points }, (_, c) =>
    Array.from({ length: m }, (_, j) => (-1 + (2 * c) / (points - 1)) ** j),
  );

describe('candidateBasis', () => {
  it('is orthonormal for the measure and its leverages sum to the number of features', () => {
    const measure = Array.from({ length: 30 }, (_, c) => 1 + (c % 4));
    const { rows, leverage, size } = candidateBasis('test', { features: monomials(30, 4), measure });
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++) {
        let dot = 0;
        for (let c = 0; c < 30; c++) dot += rows[c * size + a]! * rows[c * size + b]!;
        expect(dot).toBeCloseTo(a === b ? 1 : 0, 12);
      }
    expect(leverage.reduce((sum, value) => sum + value, 0)).toBeCloseTo(4, 12);
  });
});

describe('sampleProjectionDpp', () => {
  it('draws every pair of six candidates with its probability, the squared determinant', () => {
    // Two features on six candidates: the determinants are computed here from the orthonormal rows.
    const basis = candidateBasis('test', {
      features: [
        [1, 0],
        [1, 1],
        [1, 3],
        [1, 4],
        [1, 4],
        [1, 7],
      ],
    });
    const draws = 20_000;
    const counts = new Map<string, number>();
    const random = generator(key(11));
    for (let r = 0; r < draws; r++) {
      const name = [...sampleProjectionDpp(basis, random)].sort().join();
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    let total = 0;
    for (let a = 0; a < 6; a++)
      for (let b = a + 1; b < 6; b++) {
        const q = basis.rows;
        const p = (q[2 * a]! * q[2 * b + 1]! - q[2 * a + 1]! * q[2 * b]!) ** 2;
        total += p;
        const hits = counts.get(`${a},${b}`) ?? 0;
        if (p < 1e-12) expect(hits).toBe(0);
        else {
          const { low, high } = binomialBounds(draws, p, 1e-5);
          expect(hits).toBeGreaterThanOrEqual(low);
          expect(hits).toBeLessThanOrEqual(high);
        }
      }
    expect(total).toBeCloseTo(1, 10);
  });

  it('never draws a candidate twice, nor one without features', () => {
    const features = monomials(9, 3).map((row, c) => (c === 4 ? [0, 0, 0] : row));
    const basis = candidateBasis('test', { features });
    const random = generator(key(3));
    for (let r = 0; r < 200; r++) {
      const points = [...sampleProjectionDpp(basis, random)];
      expect(new Set(points).size).toBe(3);
      expect(points).not.toContain(4);
    }
  });
});

describe('sampleDesign', () => {
  const features = monomials(101, 5);

  it.each(['iid', 'optimal', 'volume', 'repeatedDpp'] as const)(
    'makes the mean Gram matrix the identity, %s',
    (method) => {
      const { rows } = candidateBasis('test', { features });
      const mean = new Float64Array(25);
      const draws = 2000;
      for (let r = 0; r < draws; r++) {
        const { indices, weights } = sampleDesign({
          features,
          count: 10,
          method,
          key: foldIn(foldIn(key(1), method), r),
        });
        indices.forEach((c, i) => {
          for (let e = 0; e < 25; e++)
            mean[e]! +=
              (weights[i]! * 101 * rows[c * 5 + Math.floor(e / 5)]! * rows[c * 5 + (e % 5)]!) / 10 / draws;
        });
      }
      // 20,000 terms of standard deviation up to 3 (iid): four standard errors are 0.09.
      mean.forEach((value, e) => expect(Math.abs(value - (e % 6 === 0 ? 1 : 0))).toBeLessThan(0.09));
    },
  );

  it('weights points by m over the squared norm of their features, and reports the eigenvalues of G', () => {
    // Two orthonormal indicators on two candidates: every DPP draw takes both, with G the identity.
    const { indices, weights, smallestEigenvalue, largestEigenvalue } = sampleDesign({
      features: [
        [1, 0],
        [0, 1],
      ],
      count: 4,
      key: key(0),
    });
    expect([...indices].sort()).toEqual([0, 0, 1, 1]);
    weights.forEach((weight) => expect(weight).toBeCloseTo(1, 12));
    expect(smallestEigenvalue).toBeCloseTo(1, 12);
    expect(largestEigenvalue).toBeCloseTo(1, 12);
  });

  it('draws again until the smallest eigenvalue is large enough, and says when it never is', () => {
    const options = { features, count: 10, method: 'optimal' as const, key: key(2) };
    let draws = 0;
    for (let r = 0; r < 20; r++) {
      const again = { ...options, key: foldIn(key(2), r) };
      const free = sampleDesign(again);
      const stable = sampleDesign({ ...again, minEigenvalue: 0.3 });
      expect(stable.smallestEigenvalue).toBeGreaterThanOrEqual(0.3);
      expect(stable.draws === 1).toBe(free.smallestEigenvalue >= 0.3);
      draws += stable.draws;
    }
    expect(draws).toBeGreaterThan(20);
    expect(() => sampleDesign({ ...options, minEigenvalue: 0.99, maxDraws: 5 })).toThrow(
      /none of 5 draws reached a smallest eigenvalue of 0.99 \(best 0\.\d+\): raise count/,
    );
  });

  it('draws the same points from the same key', () => {
    const draw = (seed: number) => sampleDesign({ features, count: 10, key: key(seed) }).indices;
    expect(draw(4)).toEqual(draw(4));
    expect(draw(4)).not.toEqual(draw(5));
  });

  it('is the same as one draw of a sampler that keeps its candidates', () => {
    const draw = designSampler({ features });
    for (const method of ['iid', 'volume'] as const)
      expect(draw({ count: 9, method, key: key(6) })).toEqual(
        sampleDesign({ features, count: 9, method, key: key(6) }),
      );
    expect(() => draw({ count: 9, key: key(6) })).toThrow('designSampler: count is 9, expected a multiple');
  });

  it('gives an unbiased projection by volume sampling', () => {
    // Card: Legendre space of dimension 10, n = 12, 4000 draws, within 2 % of the projection of 1/(1 + 25x²). Here 5 and 8.
    const f = features.map(([, x]) => 1 / (1 + 25 * x! * x!));
    const { rows } = candidateBasis('test', { features });
    const phi = Array.from({ length: 101 }, (_, c) =>
      Array.from({ length: 5 }, (_, j) => rows[c * 5 + j]! * Math.sqrt(101)),
    );
    const truth = weightedLeastSquares({ features: phi, y: f });
    const mean = new Float64Array(5);
    const draws = 4000;
    for (let r = 0; r < draws; r++) {
      const { indices, weights } = sampleDesign({
        features,
        count: 8,
        method: 'volume',
        key: foldIn(key(9), r),
      });
      const pick = <T>(list: readonly T[]) => Array.from(indices, (c) => list[c]!);
      weightedLeastSquares({ features: pick(phi), y: pick(f), weights }).forEach(
        (value, j) => (mean[j]! += value / draws),
      );
    }
    const error = Math.hypot(...mean.map((value, j) => value - truth[j]!)) / Math.hypot(...truth);
    expect(error).toBeLessThan(0.02);
  });

  it('has one clear error for each bad input', () => {
    const good = { features, count: 10, key: key(0) };
    expect(() => sampleDesign({ ...good, count: 4 })).toThrow(
      'count is 4, expected an integer of at least the 5 features',
    );
    expect(() => sampleDesign({ ...good, count: 12 })).toThrow(
      'count is 12, expected a multiple of the 5 features',
    );
    expect(() => sampleDesign({ ...good, method: 'dpp' as DesignMethod })).toThrow(
      'method is "dpp", expected one of iid',
    );
    expect(() => sampleDesign({ ...good, features: features.map(([a, b]) => [a!, b!, a! + b!]) })).toThrow(
      'feature 2 is a combination of the features before it on the candidates',
    );
    const measure = features.map(() => 1);
    expect(() => sampleDesign({ ...good, measure: [-1, ...measure.slice(1)] })).toThrow('measure[0] is -1');
    expect(() => sampleDesign({ ...good, measure: measure.map(() => 0) })).toThrow('measure is 0 everywhere');
    expect(() => sampleDesign({ ...good, features: [[1, 2]] })).toThrow(
      'at least as many candidates as features',
    );
    expect(() => sampleDesign({ ...good, minEigenvalue: 1 })).toThrow('minEigenvalue is 1');
    expect(() => sampleDesign({ ...good, maxDraws: 0 })).toThrow('maxDraws is 0');
  });
});
