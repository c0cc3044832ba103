import type { Dtype, RawTensor } from '@weightloom/checkpoint';
import { type LoraAdapter, type LoraLayer, scalings } from '../format/lora-adapter.js';
import type { LoraConfig } from '../format/lora-config.js';
import { effectiveRank } from '../internal/choose-rank.js';
import { loraFactors } from '../internal/lora-factors.js';
import { frobenius } from '../internal/multiply.js';
import { productSvd } from '../internal/singular.js';

/** One module of an adapter, in numbers. */
export interface ModuleInspection {
  readonly module: string;
  readonly kind: LoraLayer['kind'];
  /** Shape of the weight it changes, as far as the factors tell: `[out, in, …]`. */
  readonly shape: readonly number[];
  readonly rank: number;
  /** `α / r`, or `α / √r` where rank-stabilised. */
  readonly scaling: number;
  /** Storage of the factors. */
  readonly dtype: Dtype;
  /** `‖ΔW‖`, the Frobenius norm of what is added, scaling included. */
  readonly norm: number;
  /** `exp` of the entropy of the singular values' shares: how many directions the update really uses. */
  readonly effectiveRank: number;
}

/** An adapter, in numbers. */
export interface AdapterInspection {
  /** `LoRA`, `DoRA`, and whether it is rank-stabilised. */
  readonly method: string;
  readonly config: Omit<LoraConfig, 'source'>;
  /** Numbers stored, in all tensors. */
  readonly parameters: number;
  readonly bytes: number;
  readonly modules: readonly ModuleInspection[];
  /** Modules that are stored whole. */
  readonly saved: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly dtype: Dtype;
  }[];
  readonly warnings: readonly string[];
}

/**
 * What an adapter holds: its modules with shapes, ranks, scaling, size and effective rank of each update.
 *
 * No update is formed: norms and singular values are those of `B A`, from its factors.
 */
export function inspectAdapter(adapter: LoraAdapter): AdapterInspection {
  const { layers, saved, tokens, warnings } = adapter;
  const config = { ...adapter.config, source: undefined }; // the parsed text, which `config` repeats
  const scaling = scalings(adapter.config);
  const modules = [...layers].map(([module, layer]): ModuleInspection => {
    const { a, b } = loraFactors(layer, module);
    const { s } = productSvd(b, a);
    const scale = scaling(module);
    return {
      module,
      kind: layer.kind,
      shape: [layer.b.shape[0]!, ...layer.a.shape.slice(1)],
      rank: layer.a.shape[0]!,
      scaling: scale,
      dtype: layer.a.dtype,
      norm: Math.abs(scale) * frobenius(s),
      effectiveRank: effectiveRank(s),
    };
  });
  const factors = [...layers.values()].flatMap(({ a, b, bias, magnitude }) => [a, b, bias, magnitude]);
  const tensors = [...factors, ...saved.values(), ...tokens.values()].filter((raw) => raw !== undefined);
  return {
    method: [config.useDora ? 'DoRA' : 'LoRA', config.useRslora ? 'rank-stabilised' : '']
      .filter(Boolean)
      .join(', '),
    config,
    parameters: countParameters(tensors),
    bytes: countBytes(tensors),
    modules,
    saved: [...saved].map(([name, { shape, dtype }]) => ({ name, shape, dtype })),
    warnings,
  };
}

export const countParameters = (tensors: readonly RawTensor[]): number =>
  tensors.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);

export const countBytes = (tensors: readonly RawTensor[]): number =>
  tensors.reduce((sum, { bytes }) => sum + bytes.length, 0);
