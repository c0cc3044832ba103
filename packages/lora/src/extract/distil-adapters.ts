import { combineAdapters } from '../combine/combine-adapters.js';
import type { LoraAdapter } from '../format/lora-adapter.js';
import { type Resized, resizeAdapter, type ResizeOptions } from './resize-adapter.js';

export interface DistilOptions extends ResizeOptions {
  /** One per adapter, any sign; default 1 each. */
  readonly weights?: readonly number[];
  /** Leave out modules that adapters save whole (default `false`: refuse what cannot be weighted). */
  readonly dropSaved?: boolean;
}

/**
 * One adapter of lower rank for several: for each module the best approximation of `Σ weightᵢ ΔWᵢ` at a rank, an energy or an error,
 * with `‖ΔW - BA‖ / ‖ΔW‖` for each.
 *
 * The same as `combineAdapters` with `cat` and then `resizeAdapter`; no update is ever formed.
 *
 * @throws as `combineAdapters` and `resizeAdapter`
 */
export function distilAdapters(adapters: readonly LoraAdapter[], options: DistilOptions): Resized {
  const { weights, dropSaved, ...target } = options;
  return resizeAdapter(combineAdapters(adapters, { weights, dropSaved }), target);
}
