import type { Optimizer, OptimizerState, StateDict } from '@weightloom/nn';
import {
  add,
  div,
  expm1,
  foldIn,
  generator,
  type Key,
  mul,
  neg,
  reshape,
  scatterAdd,
  sqrt,
  square,
  take,
  type Tensor,
  tensor,
  zeros,
} from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { factorsOf, largestSingular } from '../internal/singular.js';
import { matrix, multiply } from '../internal/multiply.js';
import { quote, showShape } from '../internal/text.js';
import { finiteTensor } from '../internal/finite-tensor.js';

export interface LiftMaskOptions {
  /** Rank `k` of the approximation whose largest entries are chosen; from 1 to the smaller side. */
  readonly filterRank: number;
  /** The budget: as many entries as a LoRA of that rank has numbers, `min((m + n) · loraRank, m · n)`. */
  readonly loraRank?: number;
  /** The budget in entries, instead of `loraRank`. */
  readonly count?: number;
  /**
   * Which entries are chosen (default `'lift'`):
   * - `'lift'`: the largest of the rank-k approximation;
   * - `'magnitude'`: the largest of the weight;
   * - `'random'`: any, by `key`;
   * - `'reversed'`: the smallest of the rank-k approximation.
   */
  readonly select?: 'lift' | 'magnitude' | 'random' | 'reversed';
  readonly key?: Key;
}

/**
 * The principal weights of a matrix: places of the entries that are largest by magnitude after the best approximation of rank `k`.
 *
 * @param weight - `[m, n]`
 * @returns places in row-major order, ascending, int32 `[K]`
 * @throws {RangeError} for ranks out of range and budgets below 1; {@link AdapterError} for other shapes and NaN
 * @see Liu et al. 2025, "LIFT the Veil for the Truth: Principal Weights Emerge after Rank Reduction for Reasoning-Focused Supervised
 *   Fine-Tuning", arXiv:2506.00772
 */
export function liftMask(weight: Tensor, options: LiftMaskOptions): Int32Array<ArrayBuffer> {
  const where = 'liftMask';
  if (weight.rank !== 2)
    throw new AdapterError({ where, expected: 'a matrix', received: showShape(weight.shape) });
  const [m, n] = weight.shape as [number, number];
  const { filterRank, select = 'lift', key } = options;
  if (!Number.isSafeInteger(filterRank) || filterRank < 1 || filterRank > Math.min(m, n)) {
    throw new RangeError(`${where}: expected filterRank from 1 to ${Math.min(m, n)}, received ${filterRank}`);
  }
  const count = Math.min(m * n, options.count ?? (m + n) * (options.loraRank ?? NaN));
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`${where}: expected a budget (count or loraRank) of at least 1, received ${count}`);
  }
  const values = finiteTensor(weight, where);
  if (select === 'random') {
    if (!key) throw new RangeError(`${where}: expected a key for random, received none`);
    return generator(foldIn(key, 'mask'))
      .permutation(m * n)
      .slice(0, count)
      .sort();
  }
  const approximation = (): Float32Array => {
    const { b, a } = factorsOf(largestSingular(matrix(values, m, n), filterRank, key), 'both');
    return multiply(b, a).values;
  };
  const scores = (select === 'magnitude' ? values : approximation()).map(Math.abs);
  const sign = select === 'reversed' ? 1 : -1;
  const order = Int32Array.from(scores, (_, i) => i).sort(
    (i, j) => sign * (scores[i]! - scores[j]!) || i - j,
  );
  return order.slice(0, count).sort() as Int32Array<ArrayBuffer>;
}

export interface SparseAdamwOptions {
  readonly learningRate: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Added to `√v` before its bias is corrected (default 1e-6). */
  readonly epsilon?: number;
  /** Decoupled, on masked entries only (default 0). */
  readonly weightDecay?: number;
}

/** Moments of the masked entries of one weight. */
interface SparseState {
  readonly [name: string]: Tensor;
  readonly index: Tensor;
  readonly mean: Tensor;
  readonly square: Tensor;
}

/**
 * AdamW that changes and remembers only chosen entries: state of the size of the masks.
 *
 * `w[M] ← w[M] - η (√(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε) + λ w[M])`
 *
 * @param masks - places in row-major order by name, ascending, as `liftMask` gives them; weights without a mask are not changed
 * @throws {RangeError} for options out of range; {@link AdapterError} at `init` for places that are none
 * @see moveMasks when the masks change
 */
export function sparseAdamw(
  masks: Readonly<Record<string, Int32Array<ArrayBuffer>>>,
  options: SparseAdamwOptions,
): Optimizer {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-6, weightDecay = 0 } = options;
  for (const [name, value] of Object.entries({ learningRate, epsilon, weightDecay })) {
    if (!(value >= 0)) throw new RangeError(`sparseAdamw: expected ${name} of at least 0, received ${value}`);
  }
  for (const [name, value] of Object.entries({ beta1, beta2 })) {
    if (!(value >= 0 && value < 1))
      throw new RangeError(`sparseAdamw: expected ${name} in [0, 1), received ${value}`);
  }
  return {
    config: { type: 'sparseAdamw', learningRate, beta1, beta2, epsilon, weightDecay },
    init(params) {
      const moments = Object.create(null) as Record<string, SparseState>;
      for (const name of Object.keys(params)) {
        const mask = masks[name];
        if (!mask) continue;
        const { size } = params[name]!;
        const wrong = mask.find((at, i) => at < 0 || at >= size || (i > 0 && at <= mask[i - 1]!));
        if (wrong !== undefined) {
          const expected = `ascending places below ${size}`;
          throw new AdapterError({ where: `sparseAdamw: ${quote(name)}`, expected, received: String(wrong) });
        }
        moments[name] = { index: tensor(mask), mean: zeros([mask.length]), square: zeros([mask.length]) };
      }
      return { count: tensor(0), moments };
    },
    update(grads, state, params, { learningRate: given } = {}) {
      const { count: before, moments } = state as { count: Tensor; moments: Record<string, SparseState> };
      const count = add(before, 1);
      const correction = (beta: number): Tensor => neg(expm1(mul(count, Math.log(beta))));
      const factor = div(sqrt(correction(beta2)), correction(beta1));
      const rate = given ?? learningRate;
      const updates = Object.create(null) as StateDict;
      const next = Object.create(null) as Record<string, SparseState>;
      for (const [name, gradient] of Object.entries(grads)) {
        const own = moments[name];
        if (!own) {
          updates[name] = mul(gradient, 0);
          continue;
        }
        const { index } = own;
        const g = take(reshape(gradient, [-1]), index);
        const mean = add(mul(own.mean, beta1), mul(g, 1 - beta1));
        const squares = add(mul(own.square, beta2), mul(square(g), 1 - beta2));
        const direction = mul(div(mean, add(sqrt(squares), epsilon)), factor);
        const weight = take(reshape(params[name]!, [-1]), index);
        const step = mul(
          weightDecay === 0 ? direction : add(direction, mul(weight, weightDecay)),
          typeof rate === 'number' ? -rate : neg(rate),
        );
        updates[name] = reshape(scatterAdd(index, step, gradient.size), gradient.shape);
        next[name] = { index, mean, square: squares };
      }
      return { updates, state: { count, moments: next } };
    },
  };
}

/**
 * The state of `sparseAdamw` for other masks of the same sizes: entries in both keep their moments, new ones start at zero, the count of
 * steps goes on.
 */
export async function moveMasks(
  state: OptimizerState,
  masks: Readonly<Record<string, Int32Array<ArrayBuffer>>>,
): Promise<OptimizerState> {
  const { count, moments } = state as { count: Tensor; moments: Record<string, SparseState> };
  const moved = Object.create(null) as Record<string, SparseState>;
  for (const [name, { index, mean, square: squares }] of Object.entries(moments)) {
    const mask = masks[name] ?? new Int32Array(0);
    const [old, m, v] = await Promise.all([index.data(), mean.data(), squares.data()]);
    const place = new Map([...old].map((at, i) => [at, i]));
    const carried = (values: ArrayLike<number>): Tensor =>
      tensor(Float32Array.from(mask, (at) => (place.has(at) ? values[place.get(at)!]! : 0)));
    moved[name] = { index: tensor(mask), mean: carried(m), square: carried(v) };
  }
  return { count, moments: moved };
}
