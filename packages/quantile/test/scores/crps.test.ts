import { key, generator } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { crpsGaussian, crpsQuantiles, crpsSample } from '../../src/index.js';
import { normalQuantile } from '../../src/internal/normal.js';
import type { ReferenceFixture } from '../support/golden.js';
import { golden } from '../support/golden.js';

const { crps_gaussian: expected } = golden<ReferenceFixture>('reference');

describe('crpsGaussian', () => {
  it('is the integral of (F - 1{v ≥ y})² as scipy computes it numerically', () => {
    const scores = crpsGaussian(
      expected.map(({ y }) => y),
      expected.map(({ mean }) => mean),
      expected.map(({ deviation }) => deviation),
    );
    expected.forEach(({ crps }, i) => expect(scores[i]).toBeCloseTo(crps, 8));
  });

  it('refuses a deviation of 0', () => {
    expect(() => crpsGaussian([1], [1], [0])).toThrow('deviation[0] is 0');
  });
});

describe('crpsSample', () => {
  it('is the absolute error for one sample and the hand-computed value for two', () => {
    expect(crpsSample([3], [[5]])[0]).toBe(2);
    // mean |x - y| = 1.5; mean over all four pairs of |x - x'| = 0.5 · 1, over the two different ones 1.
    expect(crpsSample([3], [[4, 5]])[0]).toBe(1.5 - 0.25);
    expect(crpsSample([3], [[4, 5]], { fair: true })[0]).toBe(1.5 - 0.5);
  });

  it('comes near the Gaussian formula with many samples', () => {
    const random = generator(key(1));
    const samples = [Array.from({ length: 20_000 }, () => random.normal())];
    expect(crpsSample([0.3], samples)[0]).toBeCloseTo(expected[0]!.crps, 2);
  });

  it('refuses a fair score from one sample', () => {
    expect(() => crpsSample([1], [[1]], { fair: true })).toThrow('1 samples per row, expected at least 2');
  });
});

describe('crpsQuantiles', () => {
  it('is the absolute error for a forecast that is one point', () => {
    expect(crpsQuantiles([3], [[5, 5, 5]], [0.1, 0.5, 0.9])[0]).toBeCloseTo(2, 14);
  });

  it('is exact for a uniform forecast on [0, 1]: y³/3 + (1 - y)³/3', () => {
    const levels = [1e-9, 0.3, 1 - 1e-9];
    for (const y of [0.2, 0.3, 0.9])
      expect(crpsQuantiles([y], [levels], levels)[0]).toBeCloseTo((y ** 3 + (1 - y) ** 3) / 3, 7);
  });

  it('comes near the Gaussian formula on a fine grid by both rules', () => {
    const levels = Array.from({ length: 400 }, (_, k) => (k + 0.5) / 400);
    const row = [levels.map(normalQuantile)];
    expect(crpsQuantiles([0.3], row, levels)[0]).toBeCloseTo(expected[0]!.crps, 3);
    expect(crpsQuantiles([0.3], row, levels, { rule: 'mean' })[0]).toBeCloseTo(expected[0]!.crps, 3);
  });
});
