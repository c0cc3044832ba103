import type { OnlineConformal } from './adaptive-conformal.js';
import { checkScore } from './adaptive-conformal.js';
import { checkAlpha } from './conformal-quantile.js';

export interface ConformalPidOptions {
  /** Target miscoverage, in (0, 1). */
  readonly alpha: number;
  /** Proportional gain `η > 0` in the unit of the scores. The paper takes 0.1 times the largest recent score. */
  readonly learningRate: number;
  /** Integral gain `K_I ≥ 0` in the unit of the scores; 0 (default) leaves plain quantile tracking. */
  readonly integralGain?: number | undefined;
  /** Saturation `C > 0` of the integrator: smaller reacts to a smaller excess of misses. Default 1. */
  readonly saturation?: number | undefined;
  /** The tracked quantile to start from; default 0. */
  readonly quantile?: number | undefined;
  /** Counts so far; default 0. */
  readonly steps?: number | undefined;
  readonly misses?: number | undefined;
}

export type ConformalPidState = { readonly [Name in keyof ConformalPidOptions]-?: number };

/**
 * Conformal PI control: tracks the quantile of the scores directly, with no calibration set.
 *
 * `q_{t+1} = q_t + η(err_t - α)`, threshold `q_t + K_I tan(log(t + 1) · Σ(err - α) / ((t + 1)C))`, the tangent infinite
 * beyond `±π/2`.
 *
 * For scores in `[0, b]` and `K_I = 0` the miscoverage obeys `|mean err - α| ≤ (b + η)/(ηT)`. The derivative part of the
 * paper (a model of the scores) is not included: add its forecast to the scores yourself.
 *
 * @throws {RangeError} for `alpha` outside (0, 1), a gain out of its range, a non-finite score
 * @see Angelopoulos, Candès, Tibshirani 2023, "Conformal PID control for time series prediction", arXiv:2307.16895
 */
export function conformalPid(options: ConformalPidOptions): OnlineConformal<ConformalPidState> {
  const where = 'conformalPid';
  const { alpha, learningRate, integralGain = 0, saturation = 1 } = options;
  checkAlpha(where, alpha);
  if (!(learningRate > 0 && learningRate < Infinity))
    throw new RangeError(`${where}: learningRate is ${learningRate}, expected a number above 0`);
  if (!(integralGain >= 0 && integralGain < Infinity))
    throw new RangeError(`${where}: integralGain is ${integralGain}, expected a number from 0`);
  if (!(saturation > 0))
    throw new RangeError(`${where}: saturation is ${saturation}, expected a number above 0`);
  let { quantile = 0, steps = 0, misses = 0 } = options;

  function threshold() {
    if (integralGain === 0 || steps === 0) return { value: quantile, reason: null };
    const excess = misses - alpha * steps;
    const angle = (excess * Math.log(steps + 1)) / ((steps + 1) * saturation);
    if (Math.abs(angle) < Math.PI / 2)
      return { value: quantile + integralGain * Math.tan(angle), reason: null };
    const kind = angle > 0 ? 'too many' : 'too few';
    return {
      value: angle > 0 ? Infinity : -Infinity,
      reason: `${misses} misses in ${steps} steps are ${kind}: the integrator is saturated`,
    };
  }

  return {
    threshold,
    update(score) {
      checkScore(where, score);
      const missed = score > threshold().value;
      quantile += learningRate * ((missed ? 1 : 0) - alpha);
      steps++;
      if (missed) misses++;
      return missed;
    },
    state: () => ({ alpha, learningRate, integralGain, saturation, quantile, steps, misses }),
  };
}
