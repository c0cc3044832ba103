import { generator, key } from '@weightloom/tensor-gpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adaptiveConformal } from '../../src/conformal/adaptive-conformal.js';
import { conformalQuantile } from '../../src/conformal/conformal-quantile.js';

describe('adaptiveConformal', () => {
  it('moves its level by gamma (alpha - err) as by hand', () => {
    const aci = adaptiveConformal({ alpha: 0.2, gamma: 0.1, scores: [1, 2, 3, 4] });
    expect(aci.threshold()).toEqual({ value: 4, reason: null });
    expect(aci.update(3)).toBe(false);
    expect(aci.state().level).toBeCloseTo(0.22, 12);
    expect(aci.threshold().value).toBe(4); // ⌈0.78 · 5⌉ = 4
    expect(aci.update(5)).toBe(true);
    expect(aci.state().level).toBeCloseTo(0.14, 12);
    expect(aci.threshold()).toEqual({
      value: Infinity,
      reason: '4 calibration scores cannot give coverage 0.86: at least 7 are needed',
    });
    expect(aci.state()).toMatchObject({ steps: 2, misses: 1, scores: [1, 2, 3, 4] });
  });

  it('says why when the adapted level leaves (0, 1)', () => {
    const below = adaptiveConformal({ alpha: 0.1, level: -0.02, scores: [1] }).threshold();
    expect(below).toEqual({
      value: Infinity,
      reason: 'the adapted level is -0.02: everything is covered until it rises above 0',
    });
    const above = adaptiveConformal({ alpha: 0.1, level: 1.02, scores: [1] }).threshold();
    expect(above.value).toBe(-Infinity);
    expect(above.reason).toContain('the set is empty');
  });

  it('keeps its promise about long-run misses on any sequence, against scores that know the threshold', () => {
    const plan = fc.array(fc.constantFrom('miss', 'hit', 'random'), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(plan, fc.double({ min: 0.01, max: 0.3, noNaN: true }), (moves, gamma) => {
        const random = generator(key(moves.length));
        const aci = adaptiveConformal({
          alpha: 0.1,
          gamma,
          scores: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
          window: 20,
        });
        for (const move of moves) {
          const { value } = aci.threshold();
          const finite = Number.isFinite(value) ? value : 1e3;
          aci.update(move === 'miss' ? finite + 1 : move === 'hit' ? finite - 1 : 10 * random.uniform());
        }
        const { steps, misses } = aci.state();
        const bound = (0.9 + gamma) / (gamma * steps);
        expect(Math.abs(misses / steps - 0.1)).toBeLessThanOrEqual(bound + 1e-12);
      }),
    );
  });

  it('recovers coverage when the scale of the scores triples, where a fixed threshold does not', () => {
    // The setting of the card: 1000 calibration scores |N(0, 1)|, 4000 steps, scale 3 from step 1000 on, gamma 0.01.
    const random = generator(key(7));
    const scores = Array.from({ length: 1000 }, () => Math.abs(random.normal()));
    const fixed = conformalQuantile(scores, 0.1).value;
    const aci = adaptiveConformal({ alpha: 0.1, gamma: 0.01, scores });
    let [adaptive, constant] = [0, 0];
    for (let t = 0; t < 4000; t++) {
      const score = Math.abs(random.normal()) * (t < 1000 ? 1 : 3);
      const missed = aci.update(score);
      if (t < 3000) continue;
      adaptive += missed ? 0 : 1;
      constant += score <= fixed ? 1 : 0;
    }
    expect(adaptive / 1000).toBeGreaterThan(0.88);
    expect(adaptive / 1000).toBeLessThan(0.92);
    expect(constant / 1000).toBeLessThan(0.6);
  });

  it('goes on from its JSON state', () => {
    const first = adaptiveConformal({ alpha: 0.2, gamma: 0.05, scores: [1, 2, 3, 4, 5], window: 6 });
    for (const score of [9, 1, 1, 7]) first.update(score);
    const second = adaptiveConformal(JSON.parse(JSON.stringify(first.state())));
    for (const score of [2, 8, 3, 3]) expect(second.update(score)).toBe(first.update(score));
    expect(second.state()).toEqual(first.state());
    expect(second.state().scores).toHaveLength(6);
  });

  it('has one clear error for each bad input', () => {
    const good = { alpha: 0.1, scores: [1] };
    expect(() => adaptiveConformal({ ...good, scores: [] })).toThrow(
      'adaptiveConformal: the calibration set is empty',
    );
    expect(() => adaptiveConformal({ ...good, alpha: 2 })).toThrow('alpha is 2');
    expect(() => adaptiveConformal({ ...good, gamma: 0 })).toThrow('gamma is 0, expected a number above 0');
    expect(() => adaptiveConformal({ ...good, window: 0.5 })).toThrow('window is 0.5');
    expect(() => adaptiveConformal(good).update(NaN)).toThrow('score is NaN, expected a finite number');
  });
});
