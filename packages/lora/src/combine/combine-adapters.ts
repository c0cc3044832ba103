import type { Dtype } from '@weightloom/checkpoint';
import { foldIn, type Key } from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { type LoraAdapter, type LoraLayer, scalings } from '../format/lora-adapter.js';
import { groupsOf } from '../internal/check-layer.js';
import { layerOf } from '../internal/layer-of.js';
import { type Factors, loraFactors } from '../internal/lora-factors.js';
import { type Matrix, matrix, multiply } from '../internal/multiply.js';
import { factorsOf, firstOf, largestSingular, productSvd } from '../internal/singular.js';
import { describe, quote, showShape } from '../internal/text.js';

import { finiteValues, store } from '../internal/values.js';
import { combinedConfig } from './combined-config.js';
import { combineElementwise, type ElementwiseType } from './elementwise.js';

/** The ways of PEFT's `add_weighted_adapter`. */
export const combinationTypes = [
  'cat',
  'linear',
  'svd',
  'ties',
  'ties_svd',
  'dare_linear',
  'dare_linear_svd',
  'dare_ties',
  'dare_ties_svd',
  'magnitude_prune',
  'magnitude_prune_svd',
] as const;
export type CombinationType = (typeof combinationTypes)[number];

export interface CombineOptions {
  /** One per adapter, any sign; default 1 each. */
  readonly weights?: readonly number[];
  /** Default `cat`, the only one that is exact at any rank. One adapter alone is just weighted. */
  readonly type?: CombinationType;
  /** Rank of the result of `svd` types (default: the largest among the adapters). */
  readonly svdRank?: number;
  /** For `svd` types: both factors are clipped to ± this quantile of their elements, in (0, 1]. Default: not at all. */
  readonly svdClamp?: number;
  /** Share of elements that is kept, in [0, 1], above 0 for DARE; needed by `ties`, `dare` and `magnitude_prune` types. */
  readonly density?: number;
  /** Sign of an element for `ties`: of the sum (`total`, default) or of the sum of signs (`frequency`). */
  readonly majoritySignMethod?: 'total' | 'frequency';
  /** Random key; needed by `dare` types. */
  readonly key?: Key;
  /** Leave out modules that adapters save whole, biases and tokens (default `false`: refuse what cannot be weighted). */
  readonly dropSaved?: boolean;
  /** Storage dtype of the result (default `'F32'`, as sums of half-precision factors need more digits). */
  readonly dtype?: Dtype;
}

/** A layer of one adapter with its weight. */
interface Part extends Factors {
  readonly layer: LoraLayer;
  /** Weight of the adapter. */
  readonly weight: number;
  /** Scaling of the layer. */
  readonly scaling: number;
}

/**
 * One adapter from several, as PEFT's `add_weighted_adapter`. With `cᵢ = weightᵢ · sᵢ`:
 * - `cat`: `A = [c₁A₁; c₂A₂; …]`, `B = [B₁, B₂, …]`: exactly `Σ weightᵢ ΔWᵢ`, at the sum of the ranks;
 * - `svd`: the best approximation of that sum at a given rank, `B = UΣ`, `A = Vᵀ`;
 * - `linear`: `A = Σ sgn(cᵢ)√|cᵢ| Aᵢ`, `B = Σ √|cᵢ| Bᵢ`, which is not the sum: it has cross terms;
 * - `ties`, `dare_linear`, `dare_ties`, `magnitude_prune`: factor by factor as `linear`, after pruning; with `_svd` on the whole updates.
 *
 * The result has `α = r` (scaling 1), no patterns, and targets what any of the adapters targets.
 *
 * @param adapters - at least one; a module that some of them lack is combined from the others
 * @throws {AdapterError} for DoRA, modules that several save whole (or one with a weight), ranks or shapes that differ where they must
 *   not, grouped convolutions, biases of `lora_B` in types that are no sums
 * @throws {RangeError} for weights, densities and ranks out of range
 * @see Yadav et al. 2023, arXiv:2306.01708 (TIES); Yu et al. 2024, arXiv:2311.03099 (DARE)
 */
export function combineAdapters(adapters: readonly LoraAdapter[], options: CombineOptions = {}): LoraAdapter {
  const where = 'combineAdapters';
  const weights = options.weights ?? adapters.map(() => 1);
  checkOptions(adapters, weights, options, where);
  const { type: asked = 'cat', dtype = 'F32' } = options;
  const type = adapters.length === 1 ? 'cat' : asked;
  const layers = new Map<string, { parts: Part[]; factors: Factors }>();
  for (const path of new Set(adapters.flatMap((adapter) => [...adapter.layers.keys()]))) {
    const parts = partsOf(path, adapters, weights, where);
    layers.set(path, { parts, factors: combine(parts, type, path, options, where) });
  }
  const rank = Math.max(...[...layers.values()].map(({ factors }) => factors.a.rows));
  const combined = new Map<string, LoraLayer>();
  for (const [path, { parts, factors }] of layers) {
    const at = `${where}: ${quote(path)}`;
    const layer = layerOf(parts[0]!.layer, padded(factors, rank), at, dtype);
    combined.set(path, { ...layer, bias: combinedBias(parts, type, at, dtype) });
  }
  return {
    ...combinedConfig(adapters, weights, rank, options.dropSaved === true, where),
    layers: combined,
    warnings: [],
  };
}

function checkOptions(
  adapters: readonly LoraAdapter[],
  weights: readonly number[],
  { type = 'cat', svdRank, svdClamp, density, key }: CombineOptions,
  where: string,
): void {
  const refuse = (expected: string, received: unknown): never => {
    throw new RangeError(`${where}: expected ${expected}, received ${describe(received)}`);
  };
  if (adapters.length === 0) refuse('at least one adapter', 'none');
  if (weights.length !== adapters.length) refuse(`${adapters.length} weights`, weights.length);
  weights.forEach((weight, i) => Number.isFinite(weight) || refuse(`a finite weights[${i}]`, weight));
  if (!combinationTypes.includes(type)) refuse(`a type among ${combinationTypes.join(', ')}`, type);
  if (svdRank !== undefined && !(Number.isSafeInteger(svdRank) && svdRank >= 1))
    refuse('svdRank of at least 1', svdRank);
  if (svdClamp !== undefined && !(svdClamp > 0 && svdClamp <= 1))
    refuse('svdClamp above 0 and up to 1', svdClamp);
  if (/^(ties|dare|magnitude)/.test(type)) {
    const least = type.startsWith('dare') ? 'above 0' : 'from 0';
    const ok =
      density !== undefined && density <= 1 && (density > 0 || (density === 0 && least === 'from 0'));
    if (!ok) refuse(`a density ${least} up to 1 for ${type}`, density);
  }
  if (type.startsWith('dare') && !key) refuse(`a key for ${type}`, 'none');
  const dora = adapters.findIndex(({ config }) => config.useDora);
  if (dora >= 0) {
    throw new AdapterError({
      where,
      expected: 'adapters whose updates are sums',
      received: `DoRA in adapters[${dora}]`,
      cure: 'merge each into the base instead',
    });
  }
}

function partsOf(
  path: string,
  adapters: readonly LoraAdapter[],
  weights: readonly number[],
  where: string,
): Part[] {
  const parts = adapters.flatMap((adapter, i) => {
    const layer = adapter.layers.get(path);
    if (!layer) return [];
    const at = `${where}: adapters[${i}] ${quote(path)}`;
    if (groupsOf(layer) > 1) {
      throw new AdapterError({
        where: at,
        expected: 'a convolution of one group',
        received: `${groupsOf(layer)} groups`,
      });
    }
    return [
      { layer, weight: weights[i]!, scaling: scalings(adapter.config)(path), ...loraFactors(layer, at) },
    ];
  });
  const shapeOf = ({ layer }: Part): string =>
    `${layer.kind} ${showShape([layer.b.shape[0]!, ...layer.a.shape.slice(1)])}`;
  const other = parts.find((part) => shapeOf(part) !== shapeOf(parts[0]!));
  if (other) {
    const expected = `one shape in all adapters, ${shapeOf(parts[0]!)}`;
    throw new AdapterError({ where: `${where}: ${quote(path)}`, expected, received: shapeOf(other) });
  }
  return parts;
}

function combine(
  parts: readonly Part[],
  type: CombinationType,
  path: string,
  options: CombineOptions,
  where: string,
): Factors {
  if (type === 'cat') return concatenated(parts);
  const most = options.svdRank ?? Math.max(...parts.map(({ a }) => a.rows));
  const sum = concatenated(parts);
  if (type === 'svd')
    return clamped(factorsOf(firstOf(productSvd(sum.b, sum.a), most), 'left'), options.svdClamp);
  const settings = {
    type: type.replace(/_svd$/, '') as ElementwiseType,
    density: options.density ?? 1,
    majoritySignMethod: options.majoritySignMethod ?? 'total',
    key: options.key && foldIn(options.key, path),
  };
  if (type.endsWith('_svd')) {
    const deltas = parts.map(({ b, a, scaling }) => multiply(b, scaledBy(a, scaling)).values);
    const whole = combineElementwise(
      deltas,
      parts.map(({ weight }) => weight),
      settings,
    );
    const delta = matrix(whole, sum.b.rows, sum.a.columns);
    return clamped(factorsOf(largestSingular(delta, most, settings.key), 'left'), options.svdClamp);
  }
  const ranks = parts.map(({ a }) => a.rows);
  if (new Set(ranks).size > 1) {
    const cure = 'use cat or svd, or resize them to one rank';
    throw new AdapterError({
      where: `${where}: ${quote(path)}`,
      expected: `equal ranks for ${type}`,
      received: ranks.join(' and '),
      cure,
    });
  }
  const roots = parts.map(({ weight, scaling }) => Math.sqrt(Math.abs(weight * scaling)));
  const signed = roots.map((root, i) => (parts[i]!.weight * parts[i]!.scaling >= 0 ? root : -root));
  // Each factor draws its own lots.
  const own = (side: string) => ({ ...settings, key: settings.key && foldIn(settings.key, side) });
  return {
    a: {
      ...parts[0]!.a,
      values: combineElementwise(
        parts.map(({ a }) => a.values),
        signed,
        own('A'),
      ),
    },
    b: {
      ...parts[0]!.b,
      values: combineElementwise(
        parts.map(({ b }) => b.values),
        roots,
        own('B'),
      ),
    },
  };
}

const scaledBy = (m: Matrix, factor: number): Matrix => ({
  ...m,
  values: m.values.map((value) => value * factor),
});

/** `[B₁, B₂, …] · [c₁A₁; c₂A₂; …]`. */
function concatenated(parts: readonly Part[]): Factors {
  const rank = parts.reduce((sum, { a }) => sum + a.rows, 0);
  const [rows, columns] = [parts[0]!.b.rows, parts[0]!.a.columns];
  const [b, a] = [new Float32Array(rows * rank), new Float32Array(rank * columns)];
  let at = 0;
  for (const part of parts) {
    a.set(scaledBy(part.a, part.weight * part.scaling).values, at * columns);
    for (let i = 0; i < rows; i++)
      b.set(part.b.values.subarray(i * part.b.columns, (i + 1) * part.b.columns), i * rank + at);
    at += part.a.rows;
  }
  return { b: matrix(b, rows, rank), a: matrix(a, rank, columns) };
}

/** Rows and columns of zeros, so that every layer has one rank and needs no pattern. */
function padded({ b, a }: Factors, rank: number): Factors {
  if (a.rows === rank) return { b, a };
  const [left, right] = [new Float32Array(b.rows * rank), new Float32Array(rank * a.columns)];
  right.set(a.values);
  for (let i = 0; i < b.rows; i++) left.set(b.values.subarray(i * b.columns, (i + 1) * b.columns), i * rank);
  return { b: matrix(left, b.rows, rank), a: matrix(right, rank, a.columns) };
}

/** Both factors clipped to ± the quantile `q` of all their elements, between neighbours as NumPy does. */
function clamped({ b, a }: Factors, q: number | undefined): Factors {
  if (q === undefined) return { b, a };
  const sorted = Float32Array.from([...b.values, ...a.values]).sort();
  const place = q * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
  const limit = low + (high - low) * (place - Math.floor(place));
  const clip = (m: Matrix): Matrix => ({
    ...m,
    values: m.values.map((value) => Math.max(-limit, Math.min(limit, value))),
  });
  return { b: clip(b), a: clip(a) };
}

function combinedBias(
  parts: readonly Part[],
  type: CombinationType,
  where: string,
  dtype: Dtype,
): LoraLayer['bias'] {
  const biased = parts.filter(({ layer }) => layer.bias);
  if (biased.length === 0) return undefined;
  if (biased.length < parts.length || !['cat', 'svd', 'linear'].includes(type)) {
    const received = `biases in ${biased.length} of ${parts.length} adapters, type ${type}`;
    throw new AdapterError({
      where,
      expected: 'biases of lora_B in all adapters, and a type that sums',
      received,
      cure: 'use cat',
    });
  }
  const sum = new Float32Array(parts[0]!.b.rows);
  for (const { layer, weight, scaling } of parts) {
    finiteValues(layer.bias!, where).forEach((value, i) => (sum[i]! += weight * scaling * value));
  }
  return store(sum, [sum.length], where, dtype);
}
