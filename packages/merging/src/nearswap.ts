import type { ChunkedMethod, StateDict } from '@weightloom/state-dict';
import { checkNumber } from './internal/check-number.js';
import { mergeOntoBase } from './internal/merge-onto-base.js';

export interface NearswapOptions {
  /** How far apart two weights may be for the model's to be taken as it is; in the unit of the weights, at least 0. */
  readonly t: number;
}

/**
 * Nearswap: takes the model's weights where they are near the base's, and moves less the further they are apart.
 *
 * `out = w₀ + k (w - w₀)`, `k = min(1, t / max(|w - w₀|, 1e-6))`: every weight moves by `t` at most.
 *
 * @param base - `w₀`
 * @param model - `w`; names, shapes and dtypes of the base
 * @throws {RangeError} when `t` is negative or not finite
 * @see https://huggingface.co/alchemonaut/QuartetAnemoi-70B-t0.0001, where the method is from
 */
export async function nearswap(
  base: StateDict,
  model: StateDict,
  options: NearswapOptions,
): Promise<StateDict> {
  return mergeOntoBase(nearswapMethod(options), base, [model]);
}

/** `nearswap` for the base and a model. */
export function nearswapMethod({ t }: NearswapOptions): ChunkedMethod {
  checkNumber('nearswap', 't', t, 0);
  return {
    name: 'nearswap',
    granularity: 'element',
    begin: () => ({ emit: ({ inputs: [base, model] }, out) => swap(base!, model!, t, out) }),
  };
}

/** Differences below this are taken to be this large. */
const SMALLEST = 1e-6;

function swap(base: Float32Array, model: Float32Array, t: number, out: Float32Array): void {
  for (let j = 0; j < out.length; j++) {
    const change = model[j]! - base[j]!;
    const share = Math.min(1, t / Math.max(Math.abs(change), SMALLEST));
    out[j] = share * model[j]! + (1 - share) * base[j]!;
  }
}
