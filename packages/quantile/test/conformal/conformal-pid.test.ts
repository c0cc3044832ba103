import { generator, key } from '@weightloom/tensor-gpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conformalPid } from '../../src/conformal/conformal-pid.js';

describe('conformalPid', () => {
  it('tracks the quantile by learningRate (err - alpha) as by hand', () => {
    const online = conformalPid({ alpha: 0.1, learningRate: 2, quantile: 1 });
    expect(online.update(3)).toBe(true);
    expect(online.threshold()).toEqual({ value: 1 + 2 * 0.9, reason: null });
    expect(online.update(2)).toBe(false);
    expect(online.threshold().value).toBeCloseTo(2.6, 12);
  });

  it('adds the saturated integral of the misses', () => {
    const online = conformalPid({ alpha: 0.1, learningRate: 1, integralGain: 3, saturation: 2 });
    online.update(1);
    // After one step with one miss: excess 0.9, tangent of 0.9 ln 2 / (2 · 2).
    expect(online.threshold().value).toBeCloseTo(0.9 + 3 * Math.tan((0.9 * Math.log(2)) / 4), 12);
    const tight = conformalPid({ alpha: 0.1, learningRate: 1, integralGain: 3, saturation: 0.1 });
    tight.update(1);
    expect(tight.threshold()).toEqual({
      value: Infinity,
      reason: '1 misses in 1 steps are too many: the integrator is saturated',
    });
  });

  it('misses alpha in the long run on any bounded sequence', () => {
    const sequence = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(sequence, fc.double({ min: 0.01, max: 0.5, noNaN: true }), (scores, learningRate) => {
        const online = conformalPid({ alpha: 0.1, learningRate });
        for (const score of scores) online.update(score);
        const { misses, steps } = online.state();
        expect(Math.abs(misses / steps - 0.1)).toBeLessThanOrEqual(
          (1 + learningRate) / (learningRate * steps) + 1e-12,
        );
      }),
    );
  });

  it('keeps up through its integrator with a drift that plain tracking lags behind', () => {
    const missed = (integralGain: number) => {
      const random = generator(key(3));
      const online = conformalPid({ alpha: 0.1, learningRate: 0.02, integralGain, saturation: 0.1 });
      for (let t = 0; t < 3000; t++) online.update(Math.abs(random.normal()) * (1 + t / 500));
      return online.state().misses / 3000;
    };
    expect(missed(0)).toBeGreaterThan(0.2);
    expect(Math.abs(missed(10) - 0.1)).toBeLessThan(0.02);
  });

  it('goes on from its JSON state', () => {
    const first = conformalPid({ alpha: 0.1, learningRate: 0.5, integralGain: 1 });
    for (const score of [1, 0.2, 3]) first.update(score);
    const second = conformalPid(JSON.parse(JSON.stringify(first.state())));
    for (const score of [2, 0.1]) expect(second.update(score)).toBe(first.update(score));
    expect(second.state()).toEqual(first.state());
  });

  it('refuses gains out of range', () => {
    const good = { alpha: 0.1, learningRate: 1 };
    expect(() => conformalPid({ ...good, learningRate: 0 })).toThrow(
      'learningRate is 0, expected a number above 0',
    );
    expect(() => conformalPid({ ...good, integralGain: -1 })).toThrow('integralGain is -1');
    expect(() => conformalPid({ ...good, saturation: 0 })).toThrow('saturation is 0');
  });
});
