import { expandDims, matmul, mul, reshape, softmax, squeeze, sum, type Tensor } from '@weightloom/tensor-gpu';

/** How fine the weights are: one per model, per model and level, or from every level of every model to every level. */
export type Resolution = 'coarse' | 'medium' | 'fine';

/** The weights of `p` models at `m` levels: `sources` values are weighted for each of `targets` outputs. */
export interface WeightShape {
  readonly resolution: Resolution;
  readonly models: number;
  readonly levels: number;
  /** Softmax over the summed values, or the raw numbers. */
  readonly normalize: boolean;
}

/** `[p, 1]`, `[p, m]` or `[p·m, m]`. */
export const weightAxes = ({ resolution, models: p, levels: m }: WeightShape): [number, number] =>
  resolution === 'coarse' ? [p, 1] : resolution === 'medium' ? [p, m] : [p * m, m];

/** Share of the fine weights that starts at a value's own level. */
const OWN = 0.9;

/** Where training starts: the average of the models; `fine` leaves 0.1 of the weight to other levels. */
export function initialWeights(shape: WeightShape): Float32Array {
  const { resolution, models: p, levels: m, normalize } = shape;
  const [sources, targets] = weightAxes(shape);
  const out = new Float32Array(sources * targets);
  if (resolution !== 'fine') return out.fill(normalize ? 0 : 1 / p);
  if (m === 1) return out.fill(normalize ? 0 : 1 / p);
  const own = normalize ? Math.log((OWN * (m - 1)) / (1 - OWN)) : 1 / p;
  for (let j = 0; j < p; j++) for (let k = 0; k < m; k++) out[(j * m + k) * m + k] = own;
  return out;
}

/**
 * Weighted predictions on tensors.
 *
 * @param stack - `[b, p, m]` @param logits - `[b or 1, sources · targets]`
 * @returns `[b, m]`
 */
export function combineTensor(stack: Tensor, logits: Tensor, shape: WeightShape): Tensor {
  const [sources, targets] = weightAxes(shape);
  const [b, p, m] = stack.shape as [number, number, number];
  const rows = logits.shape[0]!;
  const raw = reshape(logits, [rows, sources, targets]);
  const weights = shape.normalize ? softmax(raw, 1) : raw;
  if (shape.resolution !== 'fine') return sum(mul(weights, stack), { axis: 1 });
  const values = reshape(stack, [b, p * m]);
  if (rows === 1) return matmul(values, reshape(weights, [sources, targets]));
  return squeeze(matmul(expandDims(values, 1), weights), 1);
}

/** Weights `[sources, targets]` of logits, which are used up. */
export function toWeights(logits: Float64Array, shape: WeightShape): Float64Array {
  const [sources, targets] = weightAxes(shape);
  if (!shape.normalize) return logits;
  for (let k = 0; k < targets; k++) {
    let most = -Infinity;
    for (let j = 0; j < sources; j++) most = Math.max(most, logits[j * targets + k]!);
    let total = 0;
    for (let j = 0; j < sources; j++)
      total += logits[j * targets + k] = Math.exp(logits[j * targets + k]! - most);
    for (let j = 0; j < sources; j++) logits[j * targets + k]! /= total;
  }
  return logits;
}

/** Weighted predictions of one row on the host: `stack` `[p, m]` into `out` `[m]`. */
export function combineRow(
  stack: Float64Array,
  weights: Float64Array,
  shape: WeightShape,
  out: Float64Array,
): void {
  const [sources, targets] = weightAxes(shape);
  const m = shape.levels;
  const fine = shape.resolution === 'fine';
  for (let j = 0; j < sources; j++)
    for (let k = 0; k < m; k++)
      out[k]! += weights[j * targets + (targets === 1 ? 0 : k)]! * stack[fine ? j : j * m + k]!;
}
