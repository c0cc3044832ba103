import { toVector } from '../internal/matrix.js';
import type { OnlineConformal } from './adaptive-conformal.js';
import { checkScore, startScores, thresholdAt } from './adaptive-conformal.js';
import { checkAlpha } from './conformal-quantile.js';
import { firstAtLeast } from './score-window.js';

export interface DtAciOptions {
  /** Target miscoverage, in (0, 1). */
  readonly alpha: number;
  /** Step sizes of the experts, all above 0; default 0.001, 0.002, 0.004, …, 0.128. */
  readonly gammas?: ArrayLike<number> | undefined;
  /** Length of the stretches over which to compete; sets the learning rate. Default 500. */
  readonly interval?: number | undefined;
  /** Calibration scores, at least one. */
  readonly scores: ArrayLike<number>;
  /** Keep the newest so many scores and add each one that comes; default: the calibration scores stay as they are. */
  readonly window?: number | null | undefined;
  /** Levels and weights of the experts; default `alpha` and equal weights. */
  readonly levels?: ArrayLike<number> | undefined;
  readonly weights?: ArrayLike<number> | undefined;
  /** Counts so far; default 0. */
  readonly steps?: number | undefined;
  readonly misses?: number | undefined;
}

export interface DtAciState extends DtAciOptions {
  readonly gammas: readonly number[];
  readonly interval: number;
  readonly scores: readonly number[];
  readonly window: number | null;
  readonly levels: readonly number[];
  readonly weights: readonly number[];
  readonly steps: number;
  readonly misses: number;
}

const GAMMAS = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128];

/**
 * Dynamically-tuned adaptive conformal inference: several step sizes compete, so none has to be chosen.
 *
 * Each expert runs `α^i += γ_i(α - err^i)`; with `β_t` the largest level at which the score would still be covered,
 * weights follow `w_i ∝ (1 - σ) w_i e^{-η ℓ(β_t, α^i)} + σ/k`, `ℓ(β, θ) = α(β - θ) - min(0, β - θ)`, `σ = 1/(2I)`,
 * `η = √(3/I) · √((log(kI) + 2) / (α²(1 - α)²))`. The level used is the weighted mean of the experts' levels (the
 * paper's deterministic variant, so no key is needed).
 *
 * @throws {RangeError} for no scores, `alpha` outside (0, 1), a step size not above 0, a non-finite score
 * @see Gibbs, Candès 2022, "Conformal inference for online prediction with arbitrary distribution shifts", arXiv:2208.08401
 */
export function dtAci(options: DtAciOptions): OnlineConformal<DtAciState> {
  const where = 'dtAci';
  const { alpha, interval = 500, window = null } = options;
  checkAlpha(where, alpha);
  const gammas = toVector(where, 'gammas', options.gammas ?? GAMMAS);
  const count = gammas.length;
  if (count === 0 || gammas.some((gamma) => gamma <= 0))
    throw new RangeError(`${where}: gammas is [${gammas.join(', ')}], expected numbers above 0`);
  if (!(Number.isInteger(interval) && interval > 0))
    throw new RangeError(`${where}: interval is ${interval}, expected an integer above 0`);
  const scores = startScores(where, options.scores, window);
  const levels = toVector(where, 'levels', options.levels ?? new Array<number>(count).fill(alpha), count);
  const weights = toVector(
    where,
    'weights',
    options.weights ?? new Array<number>(count).fill(1 / count),
    count,
  );
  const eta = Math.sqrt((3 / interval) * ((Math.log(count * interval) + 2) / (alpha * (1 - alpha)) ** 2));
  const sigma = 1 / (2 * interval);
  let { steps = 0, misses = 0 } = options;

  const threshold = () =>
    thresholdAt(
      scores,
      levels.reduce((sum, level, i) => sum + weights[i]! * level, 0),
    );

  return {
    threshold,
    update(score) {
      checkScore(where, score);
      const missed = score > threshold().value;
      const sorted = scores.sorted();
      const beta = 1 - firstAtLeast(sorted, score) / (sorted.length + 1);
      let total = 0;
      for (let i = 0; i < count; i++) {
        const gap = beta - levels[i]!;
        weights[i]! *= Math.exp(-eta * (alpha * gap - Math.min(0, gap)));
        total += weights[i]!;
        levels[i]! += gammas[i]! * (alpha - (gap < 0 ? 1 : 0));
      }
      weights.forEach((weight, i) => (weights[i] = (1 - sigma) * (weight / total) + sigma / count));
      steps++;
      if (missed) misses++;
      if (window !== null) scores.add([score]);
      return missed;
    },
    state: () => ({
      alpha,
      gammas: [...gammas],
      interval,
      window,
      levels: [...levels],
      weights: [...weights],
      steps,
      misses,
      scores: scores.values(),
    }),
  };
}
