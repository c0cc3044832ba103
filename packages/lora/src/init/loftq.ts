import { difference, matrix, type Matrix, multiply } from '../internal/multiply.js';
import { factorsOf, largestSingular } from '../internal/singular.js';

export interface LoftqOptions {
  /** 4: NormalFloat in blocks of 64 (as QLoRA); 8: whole numbers with one scale per row. Default 4. */
  readonly bits?: 4 | 8;
  /** Rounds of quantising and decomposing. Default 1. */
  readonly iterations?: number;
}

/**
 * Quantises a matrix and finds factors for what quantisation loses: `T` rounds of `Q = quant(W - LR)`, then `L, R` from the rank-r
 * singular value decomposition of `W - Q`, with `√Σ` on both.
 *
 * @returns `quantized` `Q` (already dequantised), `b = L` `[out, r]`, `a = R` `[r, in]`
 * @see Li et al. 2023, "LoftQ: LoRA-Fine-Tuning-Aware Quantization for Large Language Models", arXiv:2310.08659
 */
export function loftq(
  weight: Matrix,
  rank: number,
  { bits = 4, iterations = 1 }: LoftqOptions = {},
): { readonly quantized: Matrix; readonly b: Matrix; readonly a: Matrix } {
  if (bits !== 4 && bits !== 8) throw new RangeError(`loftq: expected 4 or 8 bits, received ${String(bits)}`);
  if (!Number.isSafeInteger(iterations) || iterations < 1) {
    throw new RangeError(`loftq: expected at least 1 iteration, received ${iterations}`);
  }
  const quantize = bits === 4 ? normalFloat4 : rowwiseInt8;
  const { rows, columns, values } = weight;
  let residual = values;
  for (let round = 1; ; round++) {
    const quantized = matrix(quantize(residual, columns), rows, columns);
    const rest = matrix(difference(values, quantized.values), rows, columns);
    const { b, a } = factorsOf(largestSingular(rest, rank), 'both');
    if (round === iterations) return { quantized, b, a };
    residual = difference(values, multiply(b, a).values);
  }
}

/** The 16 values of NormalFloat4: quantiles of the normal distribution, scaled to [-1, 1] (Dettmers et al. 2023, arXiv:2305.14314). */
const NF4 = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635,
  -0.18477343022823334, -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725,
  0.24611230194568634, 0.33791524171829224, 0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
];
const BLOCK = 64;

/** Rounds to the nearest of 16 values times the largest magnitude of each block of 64. */
function normalFloat4(values: Float32Array): Float32Array {
  const out = new Float32Array(values.length);
  for (let begin = 0; begin < values.length; begin += BLOCK) {
    const end = Math.min(values.length, begin + BLOCK);
    const scale = largest(values, begin, end);
    for (let i = begin; i < end; i++) out[i] = scale === 0 ? 0 : scale * nearest(values[i]! / scale);
  }
  return out;
}

function nearest(x: number): number {
  let best = NF4[0]!;
  for (const value of NF4) if (Math.abs(value - x) < Math.abs(best - x)) best = value;
  return best;
}

/** Rounds to multiples of a 127th of the largest magnitude of each row. */
function rowwiseInt8(values: Float32Array, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let begin = 0; begin < values.length; begin += columns) {
    const scale = largest(values, begin, begin + columns) / 127;
    for (let i = begin; i < begin + columns; i++)
      out[i] = scale === 0 ? 0 : Math.round(values[i]! / scale) * scale;
  }
  return out;
}

function largest(values: Float32Array, begin: number, end: number): number {
  let most = 0;
  for (let i = begin; i < end; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}
