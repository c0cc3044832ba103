import { type Block, type ChunkedMethod, rankValues, type StateDict } from '@weightloom/state-dict';
import { mergeOntoBase } from './internal/merge-onto-base.js';

/**
 * Arcee fusion: copies from a model the weights that matter most, and keeps the base's otherwise.
 *
 * The importance of each weight is `|w - w₀| · KL(softmax(row of w) ‖ softmax(row of w₀))`, with 1e-8 added to each
 * probability; a row is one index of the first axis, tensors of rank 0 and 1 are one row. Weights whose importance is at
 * least `median + 1.5 · (q₇₅ - q₂₅)` of their tensor are copied; quantile q is the value of rank `⌊q (n-1)⌋`.
 *
 * Quantiles are exact, whatever the size; mergekit draws a random sample above a million weights.
 *
 * @param base - `w₀`
 * @param model - `w`; names, shapes and dtypes of the base
 */
export async function arceeFusion(base: StateDict, model: StateDict): Promise<StateDict> {
  return mergeOntoBase(arceeFusionMethod(), base, [model]);
}

/** `arceeFusion` for the base and a model. */
export function arceeFusionMethod(): ChunkedMethod {
  return {
    name: 'arceeFusion',
    granularity: 'row',
    begin([tensor]) {
      const { shape, size } = tensor!;
      const rowLength = shape.length < 2 ? size : size / shape[0]!;
      const scores = ({ inputs: [base, model], length }: Block) => {
        const out = new Float32Array(length);
        for (let from = 0; from < length; from += rowLength) {
          const row = (values: Float32Array) => values.subarray(from, from + rowLength);
          importance(row(base!), row(model!), row(out));
        }
        return out;
      };
      const quantiles = rankValues([0.25, 0.5, 0.75].map((q) => Math.floor(q * Math.max(0, size - 1))));
      let threshold = Infinity;
      return {
        passes: quantiles.passes.map(({ reduce, finish }, p) => ({
          reduce: (block) => reduce(scores(block)),
          finish() {
            if (size === 0) return;
            finish();
            if (p < quantiles.passes.length - 1) return;
            const [low, middle, high] = quantiles.values() as [number, number, number];
            threshold = middle + 1.5 * (high - low);
          },
        })),
        emit(block, out) {
          const [base, model] = block.inputs;
          const score = scores(block);
          for (let j = 0; j < out.length; j++) out[j] = score[j]! >= threshold ? model![j]! : base![j]!;
        },
      };
    },
  };
}

/** Added to probabilities, so that their logarithm is finite. */
const TINY = 1e-8;

function importance(base: Float32Array, model: Float32Array, out: Float32Array): void {
  const p = softmax(model);
  const q = softmax(base);
  let divergence = 0;
  for (let j = 0; j < p.length; j++) {
    divergence += (p[j]! + TINY) * Math.log((p[j]! + TINY) / (q[j]! + TINY));
  }
  // Not negative but for rounding.
  const factor = Math.max(0, divergence);
  for (let j = 0; j < out.length; j++) out[j] = Math.abs(model[j]! - base[j]!) * factor;
}

function softmax(values: Float32Array): Float64Array {
  let largest = -Infinity;
  for (const value of values) largest = Math.max(largest, value);
  const out = new Float64Array(values.length);
  let total = 0;
  for (let j = 0; j < out.length; j++) total += out[j] = Math.exp(values[j]! - largest);
  for (let j = 0; j < out.length; j++) out[j]! /= total;
  return out;
}
