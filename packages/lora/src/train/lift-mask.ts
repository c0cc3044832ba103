import { foldIn, generator, type Key, type Tensor } from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { finiteTensor } from '../internal/finite-tensor.js';
import { type Matrix, matrix, multiply, sumOfSquares } from '../internal/multiply.js';
import { factorsOf, largestSingular } from '../internal/singular.js';
import { showShape } from '../internal/text.js';

export interface LiftMaskOptions {
  /** Rank `k` of the approximation whose largest entries are chosen; from 1 to the smaller side. */
  readonly filterRank: number;
  /** The budget: as many entries as a LoRA of that rank has numbers, `min((m + n) · loraRank, m · n)`. */
  readonly loraRank?: number;
  /** The budget in entries, from 1 to `m · n`, instead of `loraRank`. */
  readonly count?: number;
  /**
   * Which entries are chosen (default `'lift'`):
   * - `'lift'`: the largest of the rank-k approximation;
   * - `'stableRank'`: the same with `k = ⌊‖W‖_F² / σ₁²⌋` in place of `filterRank`;
   * - `'magnitude'`: the largest of the weight;
   * - `'gradient'`: the largest of `gradient`;
   * - `'filteredGradient'`: the largest of the rank-k approximation of `gradient`;
   * - `'movement'`: the largest of `movement`, sign and all: the weights that training moves away from zero;
   * - `'random'`: any, by `key`;
   * - `'reversed'`: the smallest of the rank-k approximation.
   */
  readonly select?:
    | 'lift'
    | 'stableRank'
    | 'magnitude'
    | 'gradient'
    | 'filteredGradient'
    | 'movement'
    | 'random'
    | 'reversed';
  /** `[m, n]`, of one batch or, as in the reference for `'filteredGradient'`, Adam's mean over several. */
  readonly gradient?: Tensor;
  /** `[m, n]`, `-Σ w ∘ g` over steps. */
  readonly movement?: Tensor;
  readonly key?: Key;
}

/**
 * The principal weights of a matrix: places of the entries that are largest by magnitude after the best approximation of rank `k`; or
 * those that another rule chooses, to compare with.
 *
 * The reference code widens the budget for `'stableRank'`; here it stays as given.
 *
 * @param weight - `[m, n]`
 * @returns places in row-major order, ascending, int32 `[K]`
 * @throws {RangeError} for ranks and budgets out of range, and when what `select` looks at is not given; {@link AdapterError} for other
 *   shapes and NaN
 * @see Liu et al. 2025, "LIFT the Veil for the Truth: Principal Weights Emerge after Rank Reduction for Reasoning-Focused Supervised
 *   Fine-Tuning", arXiv:2506.00772
 */
export function liftMask(weight: Tensor, options: LiftMaskOptions): Int32Array<ArrayBuffer> {
  if (weight.rank !== 2)
    throw new AdapterError({ where: WHERE, expected: 'a matrix', received: showShape(weight.shape) });
  const [m, n] = weight.shape as [number, number];
  const { filterRank, loraRank = NaN, select = 'lift', key } = options;
  if (!Number.isSafeInteger(filterRank) || filterRank < 1 || filterRank > Math.min(m, n)) {
    throw new RangeError(`${WHERE}: expected filterRank from 1 to ${Math.min(m, n)}, received ${filterRank}`);
  }
  const count = options.count ?? Math.min((m + n) * loraRank, m * n);
  if (!Number.isSafeInteger(count) || count < 1 || count > m * n) {
    const expected = `a budget (count or loraRank) of 1 to ${m * n} entries`;
    throw new RangeError(`${WHERE}: expected ${expected}, received ${count}`);
  }
  const values = finiteTensor(weight, WHERE);
  if (select === 'random') {
    if (!key) throw new RangeError(`${WHERE}: expected a key for random, received none`);
    return generator(foldIn(key, 'mask'))
      .permutation(m * n)
      .slice(0, count)
      .sort();
  }
  const scores = scoresOf(matrix(values, m, n), options);
  const sign = select === 'reversed' ? 1 : -1;
  const order = Int32Array.from(scores, (_, i) => i).sort(
    (i, j) => sign * (scores[i]! - scores[j]!) || i - j,
  );
  return order.slice(0, count).sort() as Int32Array<ArrayBuffer>;
}

const WHERE = 'liftMask';

/** What entries are chosen by. */
function scoresOf(weight: Matrix, options: LiftMaskOptions): Float32Array {
  const { filterRank, select = 'lift', key } = options;
  const { rows: m, columns: n, values } = weight;
  const approximation = (of: Float32Array, rank: number): Float32Array => {
    const { b, a } = factorsOf(largestSingular(matrix(of, m, n), rank, key), 'both');
    return multiply(b, a).values;
  };
  const given = (name: 'gradient' | 'movement'): Float32Array => {
    const tensor = options[name];
    if (!tensor) throw new RangeError(`${WHERE}: expected ${name} for ${select}, received none`);
    if (tensor.rank === 2 && tensor.shape[0] === m && tensor.shape[1] === n)
      return finiteTensor(tensor, `${WHERE}: ${name}`);
    const expected = `the shape ${showShape([m, n])} of the weight`;
    throw new AdapterError({ where: `${WHERE}: ${name}`, expected, received: showShape(tensor.shape) });
  };
  switch (select) {
    case 'magnitude':
      return values.map(Math.abs);
    case 'gradient':
      return given('gradient').map(Math.abs);
    case 'filteredGradient':
      return approximation(given('gradient'), filterRank).map(Math.abs);
    case 'movement':
      return given('movement');
    case 'stableRank': {
      const largest = largestSingular(weight, 1, key).s[0]!;
      const rank = largest === 0 ? 1 : Math.floor(sumOfSquares(values) / largest ** 2);
      return approximation(values, Math.max(1, rank)).map(Math.abs);
    }
    default:
      return approximation(values, filterRank).map(Math.abs);
  }
}
