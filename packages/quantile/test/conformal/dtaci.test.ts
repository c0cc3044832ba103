import { describe, expect, it } from 'vitest';
import { dtAci } from '../../src/conformal/dtaci.js';

/**
 * R 4.2.2, the update of FACI.R in github.com/isgibbs/DtACI (its `meanAlphaSeq`), on β = 1 - rank/21 with alpha 0.2,
 * gammas 0.002, 0.016, 0.128 and the paper's sigma and eta for an interval of 100.
 */
const RANKS = [3, 20, 19, 18, 20, 20, 1, 5, 12, 20, 20, 19, 20, 0, 7, 20, 20, 20, 15, 2, 20, 20, 20, 11, 20];
const LEVELS = [
  0.2, 0.2097333333333333, 0.1717040360213939, 0.1275224142483481, 0.1308439751788419, 0.1275644107126859,
  0.0660495278426576, 0.0850973448310444, 0.1021741340835911, 0.1175358716327031, 0.116809999717555,
  0.0518119595106722, 0.0589320518182372, 0.0631141157396354, 0.0812895190251622, 0.0984854368196384,
  0.0293758078242822, 0.0362130151912698, 0.0452979646956927, 0.0641057908743689, 0.0823199087123119,
  0.0102151174310608, 0.0206617968279738, 0.0365237033926475, 0.0550287540537815,
];

describe('dtAci', () => {
  const scores = Array.from({ length: 20 }, (_, i) => i + 1);
  const options = { alpha: 0.2, gammas: [0.002, 0.016, 0.128], interval: 100, scores };
  const level = ({ levels, weights }: { levels: readonly number[]; weights: readonly number[] }) =>
    levels.reduce((sum, value, i) => sum + value * weights[i]!, 0);

  it('follows the authors’ R code step by step', () => {
    const online = dtAci(options);
    RANKS.forEach((rank, t) => {
      expect(level(online.state())).toBeCloseTo(LEVELS[t]!, 12);
      // A score above exactly `rank` of the 20 calibration scores.
      online.update(rank + 0.5);
    });
    expect(online.state().levels.map((value) => value.toFixed(3))).toEqual(['0.178', '0.040', '0.072']);
    expect(online.state().weights[2]).toBeCloseTo(0.6576887095915568, 12);
  });

  it('is adaptive conformal inference with a single step size', () => {
    const online = dtAci({ ...options, gammas: [0.05] });
    let expected = 0.2;
    for (const score of [3, 30, 12, 19.5, 40]) {
      expect(level(online.state())).toBeCloseTo(expected, 12);
      expected += 0.05 * (0.2 - (online.update(score) ? 1 : 0));
    }
  });

  it('goes on from its JSON state', () => {
    const first = dtAci({ ...options, window: 25 });
    for (const score of [9, 25, 1, 17]) first.update(score);
    const second = dtAci(JSON.parse(JSON.stringify(first.state())));
    for (const score of [2, 18, 33, 3]) expect(second.update(score)).toBe(first.update(score));
    expect(second.state()).toEqual(first.state());
  });

  it('refuses bad step sizes and intervals', () => {
    expect(() => dtAci({ ...options, gammas: [0.1, 0] })).toThrow(
      'dtAci: gammas is [0.1, 0], expected numbers above 0',
    );
    expect(() => dtAci({ ...options, interval: 0 })).toThrow('interval is 0, expected an integer above 0');
    expect(() => dtAci({ ...options, scores: [] })).toThrow('the calibration set is empty');
  });
});
