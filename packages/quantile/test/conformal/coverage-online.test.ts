import { describe, expect, it } from 'vitest';
import { adaptiveConformal } from '../../src/conformal/adaptive-conformal.js';
import { conformalPid } from '../../src/conformal/conformal-pid.js';
import { dtAci } from '../../src/conformal/dtaci.js';
import { binomialBounds } from '../support/binomial-bounds.js';
import { count, drawOf, expectCoverage, type Random } from '../support/coverage.js';

const start = (random: Random) => Array.from({ length: 200 }, () => Math.abs(random.normal()));
const methods = {
  ACI: (random: Random) => adaptiveConformal({ alpha: 0.1, scores: start(random), gamma: 0.01 }),
  'ACI with a sliding window': (random: Random) =>
    adaptiveConformal({ alpha: 0.1, scores: start(random), gamma: 0.01, window: 200 }),
  DtACI: (random: Random) => dtAci({ alpha: 0.1, scores: start(random), window: 200 }),
  'quantile tracking': () => conformalPid({ alpha: 0.1, learningRate: 0.1, quantile: 1.6 }),
  'quantile tracking with an integrator': () =>
    conformalPid({ alpha: 0.1, learningRate: 0.1, quantile: 1.6, integralGain: 0.5, saturation: 0.5 }),
};

describe('online methods', () => {
  it.each(Object.entries(methods))(
    '%s covers the score after 300 of 1000 streams whose scale triples',
    async (_, method) => {
      const draws = 1000;
      const hits = await count(_, draws, (random) => {
        const online = method(random);
        for (let t = 0; t < 300; t++) online.update(Math.abs(random.normal()) * (t < 50 ? 1 : 3));
        return Math.abs(random.normal()) * 3 <= online.threshold().value;
      });
      // Thresholds that move with every step lose or win up to two percent.
      expectCoverage(hits, draws, 0.88, 0.92);
    },
  );

  it('DtACI covers 0.9 of the last 1000 steps in each of 10 streams whose scale drifts', async () => {
    const length = 1000;
    for (let r = 0; r < 10; r++) {
      const random = drawOf('dtaci', r);
      const scores = Array.from({ length: 200 }, () => Math.abs(random.normal()));
      const online = dtAci({ alpha: 0.1, scores, window: 200 });
      let misses = 0;
      for (let t = 0; t < 2 * length; t++) {
        const missed = online.update(Math.abs(random.normal()) * (1 + Math.sin(t / 150) ** 2 * 4));
        if (t >= length && missed) misses++;
      }
      const { low, high } = binomialBounds(length, 0.1);
      expect(misses).toBeGreaterThanOrEqual(low);
      expect(misses).toBeLessThanOrEqual(high);
    }
  });
});
