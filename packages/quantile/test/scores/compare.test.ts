import { generator, key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { dieboldMariano, pairedBootstrap } from '../../src/index.js';
import type { ReferenceFixture } from '../support/golden.js';
import { golden } from '../support/golden.js';

const fixture = golden<ReferenceFixture>('reference').diebold_mariano;

describe('dieboldMariano', () => {
  it.each([1, 3] as const)(
    'is the t value statsmodels gives the mean with HAC errors, horizon %i',
    (horizon) => {
      const at = (variance: 'acf' | 'bartlett') =>
        dieboldMariano(fixture.first, fixture.second, { horizon, variance, correction: false }).statistic;
      expect(at('acf')).toBeCloseTo(fixture[`uniform_${horizon}`], 9);
      expect(at('bartlett')).toBeCloseTo(fixture[`bartlett_${horizon}`], 9);
    },
  );

  it('corrects for small samples and halves its p-value one-sided', () => {
    const plain = dieboldMariano(fixture.first, fixture.second, { correction: false });
    const both = dieboldMariano(fixture.first, fixture.second);
    expect(both.statistic / plain.statistic).toBeCloseTo(Math.sqrt(59 / 60), 12);
    const first = dieboldMariano(fixture.first, fixture.second, { alternative: 'first' });
    const second = dieboldMariano(fixture.first, fixture.second, { alternative: 'second' });
    expect(first.pValue).toBeCloseTo(both.pValue / 2, 12);
    expect(first.pValue + second.pValue).toBeCloseTo(1, 12);
    expect(both.meanDifference).toBeLessThan(0);
  });

  it('changes sign when the forecasters change places', () => {
    const there = dieboldMariano(fixture.first, fixture.second, { horizon: 3 });
    const back = dieboldMariano(fixture.second, fixture.first, { horizon: 3 });
    expect(back.statistic).toBeCloseTo(-there.statistic, 12);
    expect(back.pValue).toBeCloseTo(there.pValue, 12);
  });

  it('refuses equal losses and a horizon beyond the rows', () => {
    expect(() => dieboldMariano([1, 2], [1, 2])).toThrow('the losses differ by 0 in every row');
    expect(() => dieboldMariano([1, 2], [2, 2], { horizon: 2 })).toThrow(
      'horizon is 2, expected an integer from 1 to 1',
    );
  });
});

describe('pairedBootstrap', () => {
  it('finds a clear difference, the same for the same key', () => {
    const random = generator(key(3));
    const first = Array.from({ length: 300 }, () => random.uniform());
    const second = first.map((loss) => loss + 0.3 + 0.1 * random.normal());
    const result = pairedBootstrap(first, second, { key: key(1) });
    expect(result.meanDifference).toBeCloseTo(-0.3, 1);
    expect(result.upper).toBeLessThan(-0.25);
    expect(result.firstBetter).toBe(1);
    expect(result.pValue).toBe(2 / 2001);
    expect(pairedBootstrap(first, second, { key: key(1) })).toEqual(result);
    expect(pairedBootstrap(first, second, { key: key(2) })).not.toEqual(result);
  });

  it('has an interval about as wide as the normal one', () => {
    const { lower, upper } = pairedBootstrap(fixture.first, fixture.second, { key: key(1), resamples: 4000 });
    const d = fixture.first.map((loss, i) => loss - fixture.second[i]!);
    const mean = d.reduce((a, b) => a + b, 0) / 60;
    const error = Math.sqrt(d.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 59 / 60);
    expect((upper - lower) / (2 * 1.96 * error)).toBeGreaterThan(0.9);
    expect((upper - lower) / (2 * 1.96 * error)).toBeLessThan(1.1);
  });

  it('widens when neighbouring rows are alike and blocks are drawn', () => {
    const random = generator(key(4));
    let level = 0;
    const first = Array.from({ length: 400 }, () => (level = 0.9 * level + random.normal()));
    const second = first.map(() => 0);
    const width = (blockLength: number) => {
      const { lower, upper } = pairedBootstrap(first, second, { key: key(1), blockLength, resamples: 500 });
      return upper - lower;
    };
    expect(width(30)).toBeGreaterThan(2 * width(1));
  });

  it('gives a p-value of 1 when the forecasters are equal, and refuses bad options', () => {
    expect(pairedBootstrap([1, 2], [1, 2], { key: key(1) }).pValue).toBe(1);
    expect(() => pairedBootstrap([1, 2], [1, 2], { key: key(1), blockLength: 3 })).toThrow(
      'blockLength is 3',
    );
  });
});
