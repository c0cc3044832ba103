import type { RawTensor } from '@weightloom/checkpoint';
import type { LoraConfig } from './lora-config.js';
import { patternLookup } from './match-modules.js';

/** The factors of one adapted module, as they are stored. */
export interface LoraLayer {
  /**
   * What the module is, which decides the shapes (`r` rank):
   * - `linear`: `a` `[r, in]`, `b` `[out, r]`;
   * - `conv`: `a` `[r, in, k…]`, `b` `[out, r / groups, 1…]`;
   * - `embedding`: `a` `[r, rows]`, `b` `[dim, r]`.
   */
  readonly kind: 'linear' | 'conv' | 'embedding';
  readonly a: RawTensor;
  readonly b: RawTensor;
  /** Bias of `lora_B` `[out]`, with `loraBias`. */
  readonly bias?: RawTensor;
  /** DoRA's magnitude, with `useDora`: `[out]`, for convolutions `[1, out, 1…]`. */
  readonly magnitude?: RawTensor;
}

/** A LoRA adapter in memory. Plain data: it can be sent to a worker, and nothing needs to be disposed of. */
export interface LoraAdapter {
  readonly config: LoraConfig;
  /** By module path in the base model, such as `model.layers.0.self_attn.q_proj`. */
  readonly layers: ReadonlyMap<string, LoraLayer>;
  /**
   * Tensors that stand in for those of the base model, by name: modules saved whole, trained biases, resized embeddings (whose
   * names may contain `base_layer`).
   */
  readonly saved: ReadonlyMap<string, RawTensor>;
  /** Trained rows of embeddings (`trainableTokenIndices`), by module: `[tokens, dim]`. */
  readonly tokens: ReadonlyMap<string, RawTensor>;
  /** What was odd in the files but harmless. */
  readonly warnings: readonly string[];
}

/** Rank of a layer: the first axis of `a`. */
export const rankOf = (layer: LoraLayer): number => layer.a.shape[0]!;

/**
 * By what the product of the factors is multiplied, module by module: `α / r`, or `α / √r` with rank-stabilised scaling,
 * where `alphaPattern` and `rankPattern` decide before `loraAlpha` and `r`.
 *
 * @see Kalajdzievski 2023, "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA", arXiv:2312.03732
 */
export function scalings(config: LoraConfig): (path: string) => number {
  const alpha = patternLookup(config.alphaPattern, 'alphaPattern');
  const rank = patternLookup(config.rankPattern, 'rankPattern');
  return (path) => {
    const r = rank(path) ?? config.r;
    return (alpha(path) ?? config.loraAlpha) / (config.useRslora ? Math.sqrt(r) : r);
  };
}
