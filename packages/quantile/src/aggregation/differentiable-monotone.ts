import {
  add,
  arange,
  cast,
  concat,
  cumsum,
  customGrad,
  div,
  equal,
  expandDims,
  flip,
  greaterEqual,
  matmul,
  max,
  maximum,
  mul,
  ones,
  pad,
  reshape,
  slice,
  sort,
  squeeze,
  sub,
  sum,
  type Tensor,
  tensor,
  where,
} from '@weightloom/tensor-gpu';
import { checkAtLeast } from '../internal/check-data.js';
import { checkOperator, type MonotoneOperator } from './monotone-operator.js';

export interface MonotoneTensorOptions {
  /** `softSort`: strength `ε > 0` of the smoothing; default 0.1. */
  readonly strength?: number | undefined;
}

/**
 * Puts every row of a tensor of quantiles in order, with gradients: use it inside `grad` and `jit`.
 *
 * `sort` sends each gradient back to where its value came from; `isotonic` gives every member of a block the mean gradient
 * of the block; `softSort` combines both; `sweep` (from the median) sends it to the maximum or minimum.
 *
 * @param predictions - `[n, m]`
 * @param operator - `none`, `sort`, `softSort`, `isotonic` or `sweep`
 * @returns `[n, m]`, the values of `sortQuantiles`, `softSortQuantiles`, `isotonicQuantiles`, `sweepQuantiles` in float32
 * @throws {RangeError} for an unknown operator, a strength not above 0, or a tensor of another rank
 * @see Fakoor, Kim, Mueller, Smola, Tibshirani 2023, arXiv:2103.00083 (section 4)
 */
export function monotoneTensor(
  predictions: Tensor,
  operator: MonotoneOperator,
  { strength = 0.1 }: MonotoneTensorOptions = {},
): Tensor {
  const at = 'monotoneTensor';
  if (predictions.rank !== 2)
    throw new RangeError(`${at}: predictions is [${predictions.shape.join(', ')}], expected [n, m]`);
  const m = predictions.shape[1]!;
  switch (checkOperator(at, operator)) {
    case 'none':
      return predictions;
    case 'sort':
      return sort(predictions);
    case 'isotonic':
      return isotonic(predictions);
    case 'softSort': {
      if (!(strength > 0 && strength < Infinity))
        throw new RangeError(`${at}: strength is ${strength}, expected a finite number above 0`);
      const ramp = tensor(Float32Array.from({ length: m }, (_, k) => (k + 1 - (m + 1) / 2) / strength));
      return sub(ramp, isotonic(sub(ramp, sort(predictions))));
    }
    case 'sweep': {
      const middle = m >> 1;
      const [n] = predictions.shape as [number, number];
      const up = runningMaximum(slice(predictions, [0, middle], [n, m]));
      const down = flip(slice(predictions, [0, 0], [n, middle + 1]), 1);
      const low = flip(mul(runningMaximum(mul(down, -1)), -1), 1);
      return concat([slice(low, [0, 0], [n, middle]), up], 1);
    }
  }
}

/**
 * The min-gap penalty of `crossingPenalty` on tensors, with gradients.
 *
 * `mean_i 2/(m(m-1)) Σ_{l<k} max(0, q_il - q_ik + δ_lk)`
 *
 * @param predictions - `[n, m]`
 * @param margins - `δ`, `[m, m]` row-major, as `crossingMargins` gives them; default 0
 * @returns a scalar
 * @throws {RangeError} for another rank or other than `m²` margins
 */
export function crossingPenaltyTensor(predictions: Tensor, margins?: ArrayLike<number>): Tensor {
  const at = 'crossingPenaltyTensor';
  if (predictions.rank !== 2 || predictions.size === 0)
    throw new RangeError(`${at}: predictions is [${predictions.shape.join(', ')}], expected [n, m]`);
  const [n, m] = predictions.shape as [number, number];
  if (margins !== undefined && margins.length !== m * m)
    throw new RangeError(`${at}: margins has ${margins.length} values, expected ${m * m}`);
  const share = new Float32Array(m * m);
  for (let l = 0; l < m; l++) share.fill(2 / (n * Math.max(1, m * (m - 1))), l * m + l + 1, (l + 1) * m);
  const delta = Float32Array.from(margins ?? new Float32Array(m * m));
  delta.forEach((value) => checkAtLeast(at, 'margins', value, 0));
  const gaps = sub(expandDims(predictions, 2), expandDims(predictions, 1));
  const excess = maximum(add(gaps, tensor(delta, [m, m])), 0);
  return sum(mul(excess, tensor(share, [m, m])));
}

/**
 * Isotonic regression of every row as `g_k = max_{a≤k} min_{b≥k} mean(v_a … v_b)`: the same values as pooling, without a loop over
 * data. Its derivative averages over blocks of equal values.
 */
const isotonic = customGrad((v: Tensor) => {
  const [n, m] = v.shape as [number, number];
  // Centred, so that differences of running sums keep their digits.
  const shift = div(sum(v, { axis: 1, keepDims: true }), m);
  const sums = pad(cumsum(sub(v, shift), 1), [
    [0, 0],
    [1, 0],
  ]);
  const place = arange(m);
  const [first, last] = [reshape(place, [m, 1]), reshape(place, [1, m])];
  const inside = greaterEqual(last, first);
  const lengths = where(inside, add(sub(last, first), 1), ones([m, m]));
  const from = expandDims(slice(sums, [0, 0], [n, m]), 2);
  const to = expandDims(slice(sums, [0, 1], [n, m + 1]), 1);
  const means = div(sub(to, from), lengths);
  const least = flip(mul(runningMaximum(mul(flip(where(inside, means, 3e38), 2), -1)), -1), 2);
  const value = add(max(where(inside, least, -3e38), { axis: 1 }), shift);
  return {
    value,
    grad: (u) => {
      const block = cast(equal(expandDims(value, 2), expandDims(value, 1)), 'float32');
      const total = squeeze(matmul(block, expandDims(u, 2)), 2);
      return [div(total, sum(block, { axis: 2 }))];
    },
  };
});

/** Running maximum along the last axis, in `log₂ m` doubling steps. */
function runningMaximum(x: Tensor): Tensor {
  const m = x.shape.at(-1)!;
  const part = (t: Tensor, from: number, to: number): Tensor =>
    slice(t, [...t.shape.slice(0, -1).map(() => 0), from], [...t.shape.slice(0, -1), to]);
  let out = x;
  for (let step = 1; step < m; step *= 2)
    out = concat([part(out, 0, step), maximum(part(out, step, m), part(out, 0, m - step))], -1);
  return out;
}
