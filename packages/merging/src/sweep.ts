import type { LongWorkOptions } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { checkCount } from './internal/check-number.js';
import { checkScore } from './internal/check-score.js';
import { pacer } from './internal/pacer.js';

export interface SweepOptions<Value> extends LongWorkOptions {
  /** The model for a value, such as `(lambda) => taskArithmetic(base, models, { lambda })`. */
  readonly merge: (value: Value) => StateDict | Promise<StateDict>;
  /**
   * Score of a model on held-out data; higher is better. `-Infinity` rules a model out: where accuracy elsewhere falls too low,
   * for example.
   */
  readonly evaluate: (params: StateDict, value: Value) => number | Promise<number>;
}

export interface Sweep<Value> {
  /** The value with the best score; of equal scores the first. */
  readonly value: Value;
  /** Its model. */
  readonly params: StateDict;
  readonly score: number;
  /** The score of each value, in the order given. */
  readonly scores: readonly number[];
}

/**
 * Tries several values of a method's parameter and keeps the model that scores best: how papers choose the λ of task arithmetic
 * (0, 0.05, …, 1), the weights of Fisher merging, or the α of WiSE-FT.
 *
 * @param values - at least one, tried in order: numbers, lists of weights (see {@link weightGrid}), whole sets of options
 * @throws {RangeError} without values, when `evaluate` gives a score that is NaN, or when every value is ruled out
 */
export async function sweep<Value>(
  values: readonly Value[],
  { merge, evaluate, onProgress, signal }: SweepOptions<Value>,
): Promise<Sweep<Value>> {
  if (values.length === 0) throw new RangeError('sweep: expected at least one value, received none');
  const scores: number[] = [];
  let best: { value: Value; params: StateDict; score: number } | undefined;
  const pace = pacer(signal);
  for (const [i, value] of values.entries()) {
    await pace();
    const params = await merge(value);
    const score = checkScore('sweep', `the score of values[${i}]`, await evaluate(params, value));
    scores.push(score);
    if (score > (best?.score ?? -Infinity)) best = { value, params, score };
    onProgress?.({ done: i + 1, total: values.length, label: `values[${i}]` });
  }
  if (!best) throw new RangeError('sweep: expected a score above -Infinity, but every value was ruled out');
  return { ...best, scores };
}

/**
 * All weights of `count` models that are multiples of `1 / steps`, at least 0, and sum to 1.
 *
 * For two models that is `[0, 1], [1/steps, 1 - 1/steps], …, [1, 0]`; for more their number grows fast:
 * `(steps + count - 1)! / (steps! (count - 1)!)`.
 *
 * @param count - number of models, at least 1
 * @param steps - parts of 1, at least 1
 * @throws {RangeError} for counts out of range, and for more than a million combinations
 */
export function weightGrid(count: number, steps: number): number[][] {
  checkCount('weightGrid', 'count', count);
  checkCount('weightGrid', 'steps', steps);
  let combinations = 1;
  for (let i = 1; i < count; i++) combinations = (combinations * (steps + i)) / i;
  if (combinations > MAX_COMBINATIONS) {
    throw new RangeError(
      `weightGrid: expected at most ${MAX_COMBINATIONS} combinations, received ${combinations} for ${count} models in ${steps} steps`,
    );
  }
  const parts = (models: number, left: number): number[][] =>
    models === 1
      ? [[left]]
      : Array.from({ length: left + 1 }, (_, first) =>
          parts(models - 1, left - first).map((rest) => [first, ...rest]),
        ).flat();
  return parts(count, steps).map((list) => list.map((part) => part / steps));
}

const MAX_COMBINATIONS = 1_000_000; // more would take days to evaluate
