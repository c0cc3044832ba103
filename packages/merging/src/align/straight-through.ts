import { applyUpdates, type LongWorkOptions, type Objective, type Optimizer, sgd } from '@weightloom/nn';
import { assertSameStructure, mapTensors, type StateDict, stateDict } from '@weightloom/state-dict';
import { copy, dispose, foldIn, jit, type Key, mul, tidy, valueAndGrad } from '@weightloom/tensor-gpu';
import { checkCount } from '../internal/check-number.js';
import { pacer } from '../internal/pacer.js';
import { isStatistic } from './internal/is-statistic.js';
import { specFor } from './internal/spec-for.js';
import { interpolate } from './interpolate.js';
import type { PermutationSpec } from './permutation-spec.js';
import { permuteUnits } from './permute.js';
import { matchWeights, type Matching } from './weight-matching.js';

export interface StraightThroughOptions<Batch> extends LongWorkOptions {
  /** The loss of a model on a batch, a scalar. */
  readonly loss: Objective<Batch>;
  /** The batch of a step (counted from 0). Midpoints are compared by the loss on it, so it should be large. */
  readonly batch: (step: number) => Batch;
  readonly steps: number;
  /** Default: stochastic gradient descent, learning rate 0.01, momentum 0.9. */
  readonly optimizer?: Optimizer;
  /** What may be permuted; default `'auto'`, for models that `autoSpec` knows. */
  readonly spec?: PermutationSpec | 'auto';
  /** Decides in which order groups are matched, and `ctx.key` of the loss. */
  readonly key: Key;
}

/** As {@link Matching}, and how the search went. */
export interface StraightThrough extends Matching {
  /** The loss at the midpoint, at each step. */
  readonly losses: readonly number[];
  /** The step whose permutations were kept: that of the least loss. */
  readonly step: number;
}

/**
 * Straight-through estimator: looks for the permutation of `b` whose midpoint with `a` has the least loss, by gradients.
 *
 * Free weights `θ̃` start at `a`. At each step `π` matches `b` to `θ̃` by weights, starting from the last `π`; the loss is taken at the midpoint
 * `½ (a + π(b))`, and its gradient goes to `θ̃` as if `π(b)` were `θ̃`: `θ̃ ← θ̃ - η ½ ∇L`.
 *
 * @param a - the model that stays
 * @param b - same names, shapes and dtypes
 * @throws {RangeError} for a spec that does not fit (which name), and a loss that is not finite (which step)
 * @see Ainsworth, Hayase and Srinivasa 2023, "Git Re-Basin", arXiv:2209.04836, Algorithm 2
 */
export async function straightThrough<Batch>(
  a: StateDict,
  b: StateDict,
  options: StraightThroughOptions<Batch>,
): Promise<StraightThrough> {
  const where = 'straightThrough';
  const { loss, batch, steps, spec = 'auto', key, onProgress, signal } = options;
  const optimizer = options.optimizer ?? sgd({ learningRate: 1e-2, momentum: 0.9 });
  checkCount(where, 'steps', steps);
  assertSameStructure([a, b], { where, labels: ['a', 'b'] });
  const resolved = specFor(where, a, spec);
  const isTrained = (name: string) => a[name]!.dtype === 'float32' && !isStatistic(name);
  const [trained, fixed] = [true, false].map((wanted) =>
    stateDict(Object.entries(a).filter(([name]) => isTrained(name) === wanted)),
  ) as [StateDict, StateDict];

  const slope = jit(
    (middle: StateDict, data: Batch, own: Key) => {
      const [weights, rest] = [true, false].map((wanted) =>
        stateDict(Object.entries(middle).filter(([name]) => isTrained(name) === wanted)),
      ) as [StateDict, StateDict];
      return valueAndGrad((w: StateDict) => loss({ ...rest, ...w }, data, { key: own, train: true }))(
        weights,
      );
    },
    { name: where },
  );
  const start = () => ({ weights: copy(trained), memory: optimizer.init(trained) });
  let state = start();
  let permutations: Readonly<Record<string, Int32Array>> = {};
  const losses: number[] = [];
  let best = { step: -1, loss: Infinity, permutations };
  const pace = pacer(signal);
  try {
    for (let i = 0; i < steps; i++) {
      await pace();
      const found = await matchWeights(where, { ...fixed, ...state.weights }, b, resolved, {
        key: foldIn(key, i),
        start: permutations,
        signal,
      });
      permutations = found.permutations;
      const previous = state;
      const [value, next] = tidy(() => {
        const middle = interpolate(a, permuteUnits(b, resolved, permutations), 0.5);
        const [l, gradients] = slope(middle, batch(i), foldIn(foldIn(key, 'loss'), i));
        const half = mapTensors(gradients, (g) => mul(g, 0.5));
        const { updates, state: memory } = optimizer.update(half, previous.memory, previous.weights);
        return [l, { weights: applyUpdates(previous.weights, updates), memory }] as const;
      });
      state = next;
      dispose(previous);
      const [l] = await value.data();
      value.dispose();
      if (!Number.isFinite(l)) {
        throw new RangeError(`${where}: expected a finite loss at step ${i}, received ${l}`);
      }
      losses.push(l!);
      if (l! < best.loss) best = { step: i, loss: l!, permutations };
      onProgress?.({ done: i + 1, total: steps, label: `${where}: loss ${l!.toPrecision(4)}` });
    }
  } finally {
    dispose(state);
  }
  return {
    permutations: best.permutations,
    params: permuteUnits(b, resolved, best.permutations),
    losses,
    step: best.step,
  };
}
