import type { LoraAdapter } from '../format/lora-adapter.js';
import { layersWithBase, sumOf } from '../internal/base-weights.js';
import { effectiveRank } from '../internal/choose-rank.js';
import { loraFactors } from '../internal/lora-factors.js';
import { frobenius } from '../internal/multiply.js';
import { productSvd } from '../internal/singular.js';
import { quote } from '../internal/text.js';
import type { WeightSource } from '../internal/weights-reader.js';
import { checkIntruderOptions, type IntruderOptions, intrudersOf } from './intruder-dimensions.js';

export interface DiagnoseOptions extends IntruderOptions {
  readonly onProgress?: (progress: {
    readonly done: number;
    readonly total: number;
    readonly label: string;
  }) => void;
  readonly signal?: AbortSignal;
}

/** One adapted module in numbers. */
export interface LayerDiagnosis {
  readonly path: string;
  readonly rank: number;
  readonly scaling: number;
  /** `‖ΔW‖`, Frobenius. */
  readonly norm: number;
  /** `‖ΔW‖ / ‖W‖`. */
  readonly relativeNorm: number;
  /** Singular values of `ΔW`, descending. */
  readonly singularValues: readonly number[];
  /** `exp(H(σ / Σσ))` of these: how many directions the update really uses, 0 for none. */
  readonly effectiveRank: number;
  /** Similarity of each of the largest directions of `W + ΔW` to the base, in [0, 1]. */
  readonly similarities: readonly number[];
  /** How many of them are intruders. */
  readonly intruders: number;
}

export interface Diagnosis {
  readonly topK: number;
  readonly threshold: number;
  readonly layers: readonly LayerDiagnosis[];
  /** Intruders of all layers. */
  readonly intruders: number;
}

/**
 * Looks at what an adapter does to its base, module by module: size and effective rank of the update, and intruder dimensions.
 *
 * Takes a full singular value decomposition of each base weight and of its sum with the update: about a second for 512 × 512, growing
 * with the cube of the size.
 *
 * @throws {AdapterError} for DoRA, modules the base lacks and shapes that differ; {@link RangeError} for options out of range
 */
export async function diagnoseAdapter(
  adapter: LoraAdapter,
  base: WeightSource,
  options: DiagnoseOptions = {},
): Promise<Diagnosis> {
  const where = 'diagnoseAdapter';
  checkIntruderOptions(options, where);
  const { topK = 10, threshold = 0.5 } = options;
  const layers: LayerDiagnosis[] = [];
  for await (const { path, layer, scaling, base: w, delta } of layersWithBase(adapter, base, where)) {
    options.signal?.throwIfAborted();
    const { b, a } = loraFactors(layer, `${where}: ${quote(path)}`);
    const norm = frobenius(delta.values);
    const spectrum =
      norm === 0 ? new Float32Array(0) : productSvd(b, a).s.map((value) => Math.abs(value * scaling));
    const { similarities, intruders } = intrudersOf(
      w,
      sumOf(w, delta),
      { topK, threshold },
      `${where}: ${quote(path)}`,
    );
    const size = frobenius(w.values);
    layers.push({
      path,
      rank: a.rows,
      scaling,
      norm,
      relativeNorm: size === 0 ? (norm === 0 ? 0 : Infinity) : norm / size,
      singularValues: [...spectrum],
      effectiveRank: effectiveRank(spectrum),
      similarities,
      intruders: intruders.length,
    });
    options.onProgress?.({ done: layers.length, total: adapter.layers.size, label: path });
  }
  return { topK, threshold, layers, intruders: layers.reduce((sum, { intruders }) => sum + intruders, 0) };
}
