import type { LongWorkOptions } from '@weightloom/nn';
import { assertSameStructure, type StateDict } from '@weightloom/state-dict';
import { checkCount } from '../internal/check-number.js';
import { pacer } from '../internal/pacer.js';
import { uniformSoup } from '../uniform-soup.js';
import { measure, type Scores } from './internal/measure.js';
import { interpolate, type InterpolateOptions } from './interpolate.js';

export interface BarrierOptions extends LongWorkOptions, Pick<InterpolateOptions, 'filter'> {
  /**
   * Numbers of a model, over whole data sets: a loss, or several by name (`{ loss, accuracy, testLoss }`). The same data and
   * reduction every time.
   */
  readonly evaluate: (params: StateDict, t: number) => number | Scores | Promise<number | Scores>;
  /** Points on the line, both ends among them; at least 3; default 25. */
  readonly points?: number;
  /** Done to the model at each point before it is evaluated, such as {@link resetBatchNorm}. */
  readonly prepare?: (params: StateDict, t: number) => StateDict | Promise<StateDict>;
  /** Which numbers are better when greater; default: those with `accuracy` or `score` in their name. */
  readonly higherIsBetter?: (name: string) => boolean;
}

/** One number along the line. */
export interface BarrierCurve {
  /** At each point. */
  readonly values: readonly number[];
  /** `max_t [L(t) - ((1 - t) L(a) + t L(b))]`, at least 0; for numbers better when greater, of their loss: the other way round. */
  readonly barrier: number;
  /** Where that is. */
  readonly at: number;
  /** `max_t L(t) - max(L(a), L(b))`, at least 0: how much worse than the worse end it gets. */
  readonly supBarrier: number;
}

export interface Barrier {
  /** The points, from 0 to 1. */
  readonly t: readonly number[];
  /** By name; a plain number is called `loss`. */
  readonly curves: Readonly<Record<string, BarrierCurve>>;
}

/**
 * The error barrier between two models: how much worse than the straight line between their losses the models on the straight
 * line between their weights are.
 *
 * @throws {RangeError} for fewer than 3 points, and when `evaluate` gives what is no finite number or other names than before
 * @see Frankle et al. 2020, "Linear Mode Connectivity and the Lottery Ticket Hypothesis", arXiv:1912.05671; Entezari et al. 2022,
 *   "The Role of Permutation Invariance in Linear Mode Connectivity of Neural Networks", arXiv:2110.06296
 */
export async function barrier(a: StateDict, b: StateDict, options: BarrierOptions): Promise<Barrier> {
  const { points = 25, filter, higherIsBetter = isScore, onProgress, signal } = options;
  checkCount('barrier', 'points', points, 3);
  assertSameStructure([a, b], { where: 'barrier', labels: ['a', 'b'] });
  const t = Array.from({ length: points }, (_, i) => i / (points - 1));
  const values: Scores[] = [];
  const pace = pacer(signal);
  for (const at of t) {
    await pace();
    values.push(await measure('barrier', interpolate(a, b, at, { filter }), at, options, values[0]));
    onProgress?.({ done: values.length, total: points, label: `t = ${at.toFixed(3)}` });
  }
  const curves = Object.keys(values[0]!).map((name) => [
    name,
    curveOf(
      t,
      values.map((scores) => scores[name]!),
      higherIsBetter(name) ? -1 : 1,
    ),
  ]);
  return { t, curves: Object.fromEntries(curves) as Record<string, BarrierCurve> };
}

function curveOf(t: readonly number[], values: readonly number[], sign: 1 | -1): BarrierCurve {
  const [start, end] = [values[0]!, values.at(-1)!];
  // In this form, equal ends leave no rounding behind.
  const excess = values.map((value, i) => sign * (value - (start + t[i]! * (end - start))));
  excess[0] = excess[excess.length - 1] = 0;
  const barrier = Math.max(...excess);
  const worst = Math.max(...values.map((value) => sign * value));
  return {
    values,
    barrier,
    at: t[excess.indexOf(barrier)]!,
    supBarrier: worst - Math.max(sign * start, sign * end),
  };
}

const isScore = (name: string): boolean => /accuracy|score/i.test(name);

/**
 * The barrier of several models: how much worse their plain average is than the mean of their numbers, `L(mean θᵢ) - mean L(θᵢ)`;
 * below 0 where the average is better.
 *
 * @returns by name; a plain number is called `loss`
 * @throws {RangeError} for fewer than two models, and as {@link barrier}
 */
export async function centerBarrier(
  models: readonly StateDict[],
  options: Omit<BarrierOptions, 'points' | 'filter'>,
): Promise<Readonly<Record<string, number>>> {
  const { higherIsBetter = isScore, onProgress, signal } = options;
  if (models.length < 2) {
    throw new RangeError(`centerBarrier: expected at least two models, received ${models.length}`);
  }
  const all = [...models, await uniformSoup(models)];
  const values: Scores[] = [];
  const pace = pacer(signal);
  for (const params of all) {
    await pace();
    values.push(await measure('centerBarrier', params, 0, options, values[0]));
    onProgress?.({ done: values.length, total: all.length, label: `model ${values.length}` });
  }
  const center = values.at(-1)!;
  const excess = (name: string): number => {
    const mean = values.slice(0, -1).reduce((sum, scores) => sum + scores[name]!, 0) / models.length;
    return higherIsBetter(name) ? mean - center[name]! : center[name]! - mean;
  };
  return Object.fromEntries(Object.keys(center).map((name) => [name, excess(name)]));
}
