import type { Dtype } from '@weightloom/checkpoint';
import { AdapterError } from '../adapter-error.js';
import { type LoraAdapter, type LoraLayer, scalings } from '../format/lora-adapter.js';
import { configFor } from '../internal/build-config.js';
import { groupsOf } from '../internal/check-layer.js';
import { checkRankTarget, chooseRank, type RankTarget } from '../internal/choose-rank.js';
import { layerOf } from '../internal/layer-of.js';
import { loraFactors } from '../internal/lora-factors.js';
import { frobenius } from '../internal/multiply.js';
import { factorsOf, firstOf, productSvd } from '../internal/singular.js';
import { quote } from '../internal/text.js';
import { scaled } from '../internal/values.js';
import type { LayerFit } from './extract-adapter.js';

export interface ResizeOptions extends RankTarget {
  /** Storage dtype of the factors (default `'F32'`). */
  readonly dtype?: Dtype;
}

export interface Resized {
  readonly adapter: LoraAdapter;
  readonly layers: readonly LayerFit[];
}

/**
 * The same adapter at another rank: for each module the best approximation of its update, `B = U√Σ`, `A = √ΣVᵀ`, found without
 * forming the update. Ranks above a module's own gain nothing, so they are cut to it. The result has `α = r`.
 *
 * Give a rank, a share of the energy, a relative error, or several: the smallest rank that satisfies energy and error, at most `rank`.
 *
 * @throws {AdapterError} for DoRA (whose norms depend on the base), grouped convolutions, NaN
 * @throws {RangeError} for targets out of range, and without any
 */
export function resizeAdapter(adapter: LoraAdapter, options: ResizeOptions): Resized {
  const where = 'resizeAdapter';
  checkRankTarget(options, where);
  const { rank, energy, error, dtype = 'F32' } = options;
  if (rank === undefined && energy === undefined && error === undefined) {
    throw new RangeError(`${where}: expected a rank, an energy or an error, received none`);
  }
  if (adapter.config.useDora) {
    throw new AdapterError({
      where,
      expected: 'an adapter whose update is a sum',
      received: 'DoRA',
      cure: 'merge it, then extract',
    });
  }
  const scaling = scalings(adapter.config);
  const layers = new Map<string, LoraLayer>();
  const fits: LayerFit[] = [];
  for (const [path, layer] of adapter.layers) {
    const at = `${where}: ${quote(path)}`;
    if (groupsOf(layer) > 1) {
      throw new AdapterError({
        where: at,
        expected: 'a convolution of one group',
        received: `${groupsOf(layer)} groups`,
      });
    }
    const { b, a } = loraFactors(layer, at);
    const scale = scaling(path);
    const singular = productSvd(b, { ...a, values: a.values.map((value) => value * scale) });
    const norm = frobenius(singular.s);
    const k = chooseRank(singular.s, norm ** 2, options);
    const own = layerOf(layer, factorsOf(firstOf(singular, k), 'both'), at, dtype);
    // The bias of lora_B was multiplied by the scaling, which is 1 now.
    layers.set(path, layer.bias ? { ...own, bias: scaled(layer.bias, scale, `${path}.lora_B.bias`) } : own);
    fits.push({ path, rank: k, norm, error: norm === 0 ? 0 : frobenius(singular.s.subarray(k)) / norm });
  }
  return { adapter: { ...adapter, config: resizedConfig(adapter, fits), layers }, layers: fits };
}

function resizedConfig({ config }: LoraAdapter, fits: readonly LayerFit[]): LoraAdapter['config'] {
  const { r, loraAlpha, rankPattern, alphaPattern } = configFor(
    fits.map(({ path, rank }) => ({ path, rank, alpha: rank })),
  );
  return { ...config, r, loraAlpha, rankPattern, alphaPattern, useRslora: false };
}
