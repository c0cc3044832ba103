import { toVector } from '../internal/matrix.js';
import type { ConformalQuantile } from './conformal-quantile.js';
import { checkAlpha, shortageReason, trim } from './conformal-quantile.js';
import type { ScoreWindow } from './score-window.js';
import { scoreWindow } from './score-window.js';

/** An online method: ask for the threshold, see the score, update. */
export interface OnlineConformal<State> {
  /**
   * The threshold for the next score. `+Infinity` (cover everything) and `-Infinity` (the empty set) come with a
   * reason; they are part of the guarantee and never clipped.
   */
  threshold(): ConformalQuantile;
  /** Takes the score that came; answers whether it was above the threshold (a miss). */
  update(score: number): boolean;
  /** A JSON-ready copy of everything; the same function restores it. */
  state(): State;
}

export interface AdaptiveConformalOptions {
  /** Target miscoverage, in (0, 1). */
  readonly alpha: number;
  /** Step size `γ > 0`; default 0.005 as in the paper. Larger reacts faster and wobbles more. */
  readonly gamma?: number | undefined;
  /** Calibration scores, at least one. */
  readonly scores: ArrayLike<number>;
  /** Keep the newest so many scores and add each one that comes; default: the calibration scores stay as they are. */
  readonly window?: number | null | undefined;
  /** `α_1`, the level to start from; default `alpha`. */
  readonly level?: number | undefined;
  /** Counts so far; default 0. */
  readonly steps?: number | undefined;
  readonly misses?: number | undefined;
}

export interface AdaptiveConformalState extends AdaptiveConformalOptions {
  readonly gamma: number;
  readonly scores: readonly number[];
  readonly window: number | null;
  /** `α_t` now: below 0 or above 1 it means an infinite or empty set. */
  readonly level: number;
  readonly steps: number;
  readonly misses: number;
}

/**
 * Adaptive conformal inference: the miscoverage level itself follows the misses.
 *
 * `α_{t+1} = α_t + γ(α - err_t)`, `err_t = 1` when the score was above the threshold
 *
 * Whatever the sequence, `|mean err - α| ≤ (max(α_1, 1 - α_1) + γ) / (γT)`. Scores are whatever you cover with: for a
 * point forecast `|y - μ(x)|`, for a quantile band `max(lo - y, y - hi)`; the interval is then `μ ± threshold` or
 * `[lo - threshold, hi + threshold]`. Give `state()` back to this function to go on after a pause.
 *
 * @throws {RangeError} for no scores, `alpha` outside (0, 1), `gamma` or `window` not above 0, a non-finite score
 * @see Gibbs, Candès 2021, arXiv:2106.00170
 */
export function adaptiveConformal(
  options: AdaptiveConformalOptions,
): OnlineConformal<AdaptiveConformalState> {
  const where = 'adaptiveConformal';
  const { alpha, gamma = 0.005, window = null } = options;
  checkAlpha(where, alpha);
  if (!(gamma > 0 && gamma < Infinity))
    throw new RangeError(`${where}: gamma is ${gamma}, expected a number above 0`);
  const scores = startScores(where, options.scores, window);
  let { level = alpha, steps = 0, misses = 0 } = options;
  if (!Number.isFinite(level)) throw new RangeError(`${where}: level is ${level}, expected a finite number`);
  const threshold = () => thresholdAt(scores, level);
  return {
    threshold,
    update(score) {
      checkScore(where, score);
      const missed = score > threshold().value;
      level += gamma * (alpha - (missed ? 1 : 0));
      steps++;
      if (missed) misses++;
      if (window !== null) scores.add([score]);
      return missed;
    },
    state: () => ({ alpha, gamma, window, level, steps, misses, scores: scores.values() }),
  };
}

/** The conformal threshold at an adapted level, which may have left (0, 1). */
export function thresholdAt(scores: ScoreWindow, level: number): ConformalQuantile {
  if (level <= 0)
    return {
      value: Infinity,
      reason: `the adapted level is ${trim(level)}: everything is covered until it rises above 0`,
    };
  if (level >= 1)
    return {
      value: -Infinity,
      reason: `the adapted level is ${trim(level)}: the set is empty until it falls below 1`,
    };
  return { value: scores.threshold(level), reason: shortageReason(scores.sorted().length, level) };
}

export function startScores(where: string, scores: ArrayLike<number>, window: number | null): ScoreWindow {
  const start = toVector(where, 'scores', scores);
  if (start.length === 0)
    throw new RangeError(`${where}: the calibration set is empty, expected at least one score`);
  if (window !== null && !(Number.isInteger(window) && window > 0))
    throw new RangeError(`${where}: window is ${window}, expected an integer above 0`);
  return scoreWindow(start, window ?? Infinity);
}

export function checkScore(where: string, score: number): void {
  if (!Number.isFinite(score)) throw new RangeError(`${where}: score is ${score}, expected a finite number`);
}
