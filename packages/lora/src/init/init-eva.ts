import type { Model } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { type Key, tensor, tidy, type Tensor, zeros } from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { type LoraConfig, loraConfig } from '../format/lora-config.js';
import { matchModules, patternLookup } from '../format/match-modules.js';
import { configFor } from '../internal/build-config.js';
import { checkAdapterName, liveName } from '../internal/live-names.js';
import { adaptableModules, type ModuleKindOptions } from '../internal/module-kinds.js';
import { listNames, quote } from '../internal/text.js';
import { type IncrementalPca, incrementalPca } from './incremental-pca.js';
import { initLora, type InitializedLora } from './init-lora.js';

/** A batch of the data that the adapter will be trained on. */
export interface EvaBatch {
  readonly inputs: Tensor;
  /** Which rows of the activations count, in their order (for tokens: batch by batch): padding and masked labels out. Default: all. */
  readonly mask?: ArrayLike<number | boolean>;
}

export interface InitEvaOptions extends Pick<ModuleKindOptions, 'embeddings'> {
  readonly key: Key;
  /** The adapter's own name (default `'default'`). */
  readonly name?: string;
  /** Gone through again and again until all components have converged, at most `maxPasses` times. */
  readonly batches: readonly EvaBatch[];
  /** `ρ ≥ 1`: a layer may get up to `r · ρ` ranks from the others; 1 gives every layer its own. Default 2. */
  readonly rho?: number;
  /** A component has converged when the cosine to its last value is at least `τ` in [0, 1]. Default 0.99. */
  readonly tau?: number;
  /** Divide row j of `A` by `√σⱼ` (default `false`). */
  readonly whiten?: boolean;
  /** `α` grows and falls with the rank of a layer, so that its scaling stays (default `true`). */
  readonly adjustScalingFactors?: boolean;
  /** Default 100. */
  readonly maxPasses?: number;
  readonly signal?: AbortSignal;
}

export interface InitializedEva extends InitializedLora {
  readonly layers: readonly {
    readonly path: string;
    readonly rank: number;
    /** Share of the variance of the layer's inputs that its rows of `A` explain. */
    readonly explainedVariance: number;
  }[];
  /** Modules that started as `true`, because they are no linear layers. */
  readonly warnings: readonly string[];
}

/**
 * Explained variance adaptation: `A` starts as the principal components of a layer's inputs on the data it will be trained on, `B` as
 * zero, and ranks go where they explain most.
 *
 * Layers with the same input share one decomposition. The budget, the sum of all ranks, goes to the components with the largest share
 * of explained variance, up to `r · ρ` a layer; layers without any lose their adapter. Batches with fewer rows than components are
 * skipped. (The reference decomposes at random; here decompositions are exact.)
 *
 * @param model - any model that shows its activations through `ctx.tap`
 * @throws {AdapterError} without data, for batches that are all too small, NaN activations, and layers the model never reaches
 * @throws {RangeError} for `ρ < 1` and `τ` outside [0, 1]
 * @see Paischer, Hauzenberger et al. 2024, "Parameter Efficient Fine-tuning via Explained Variance Adaptation", arXiv:2410.07170
 */
export function initEva(
  model: Pick<Model, 'apply'>,
  params: StateDict,
  config: LoraConfig,
  options: InitEvaOptions,
): InitializedEva {
  const where = 'initEva';
  const { name = 'default', rho = 2, tau = 0.99, whiten = false, adjustScalingFactors = true } = options;
  checkAdapterName(name, where);
  if (!(rho >= 1 && Number.isFinite(rho)))
    throw new RangeError(`${where}: expected rho of at least 1, received ${rho}`);
  if (!(tau >= 0 && tau <= 1)) throw new RangeError(`${where}: expected tau in [0, 1], received ${tau}`);
  if (options.batches.length === 0)
    throw new AdapterError({ where, expected: 'batches of data', received: 'none' });
  const shapes = new Map(Object.entries(params).map(([key, { shape }]) => [key, shape] as const));
  const modules = adaptableModules(shapes, {
    embeddings: options.embeddings,
    fanInFanOut: config.fanInFanOut,
  });
  const kinds = new Map(modules.map(({ path, kind }) => [path, kind]));
  const matched = matchModules(config, modules);
  const linear = matched.filter((path) => kinds.get(path) === 'linear' || kinds.get(path) === 'conv1d');
  const others = matched.filter((path) => !linear.includes(path));
  const rankPattern = patternLookup(config.rankPattern, 'rankPattern');
  const rankOf = (path: string): number => rankPattern(path) ?? config.r;

  const mostOf = (path: string): number => Math.round(rankOf(path) * rho);
  const share = (components: Components): Map<string, number> => allocate(linear, components, rankOf, mostOf);
  const components = gather(model, params, linear, options, mostOf, tau, share, where);
  const ranks = share(components);

  const alphaPattern = patternLookup(config.alphaPattern, 'alphaPattern');
  const own = Object.create(null) as StateDict;
  const settings: { path: string; rank: number; alpha: number }[] = [];
  const layers: { path: string; rank: number; explainedVariance: number }[] = [];
  for (const path of linear) {
    const rank = ranks.get(path)!;
    const pca = components.of(path);
    const ratios = pca.explainedVarianceRatio.subarray(0, rank);
    layers.push({ path, rank, explainedVariance: ratios.reduce((sum, ratio) => sum + ratio, 0) });
    if (rank === 0) continue;
    const alpha = alphaPattern(path) ?? config.loraAlpha;
    settings.push({ path, rank, alpha: adjustScalingFactors ? (alpha * rank) / rankOf(path) : alpha });
    const a = pca.components.slice(0, rank * pca.features);
    if (whiten)
      a.forEach((value, i) => (a[i] = value / Math.sqrt(pca.singularValues[Math.floor(i / pca.features)]!)));
    own[liveName.a(path, name)] = tensor(a, [rank, pca.features]);
    const shape = shapes.get(`${path}.weight`)!;
    own[liveName.b(path, name)] = zeros([kinds.get(path) === 'conv1d' ? shape[1]! : shape[0]!, rank]);
  }
  const rest =
    others.length === 0
      ? undefined
      : initLora(params, loraConfig({ ...plainOf(config), targetModules: others }), {
          ...options,
          init: true,
        });
  for (const path of others)
    settings.push({ path, rank: rankOf(path), alpha: alphaPattern(path) ?? config.loraAlpha });
  const {
    r,
    loraAlpha,
    targetModules,
    rankPattern: rankSettings,
    alphaPattern: alphaSettings,
  } = configFor(settings);
  const eva = {
    ...config,
    r,
    loraAlpha,
    targetModules,
    rankPattern: rankSettings,
    alphaPattern: alphaSettings,
  };
  const warnings =
    others.length > 0 ? [`${listNames(others)} started as true: EVA is for linear layers`] : [];
  if (!components.converged) warnings.push('the data was used up before all components had converged');
  return {
    config: {
      ...eva,
      excludeModules: null,
      layersToTransform: null,
      layersPattern: null,
      initLoraWeights: 'eva',
    },
    params: Object.assign(own, rest?.params),
    base: Object.create(null) as StateDict,
    layers,
    warnings,
  };
}

const plainOf = ({ peftType: _, source: __, ...rest }: LoraConfig): Omit<LoraConfig, 'peftType' | 'source'> =>
  rest;

interface Components {
  of(path: string): IncrementalPca;
  /** The layer whose decomposition a layer shares; itself where it has its own. */
  ownerOf(path: string): string;
  /** Whether every component that gets a rank stood still at the end. */
  readonly converged: boolean;
}

/** Runs the data through the model until the components that get ranks stand still. */
function gather(
  model: Pick<Model, 'apply'>,
  params: StateDict,
  paths: readonly string[],
  options: InitEvaOptions,
  countOf: (path: string) => number,
  tau: number,
  share: (components: Components) => Map<string, number>,
  where: string,
): Components {
  const { batches, maxPasses = 100, signal } = options;
  const first = activations(model, params, paths, batches[0]!, where);
  const owners = shareInputs(paths, first);
  const most = new Map<string, number>();
  for (const path of paths) {
    const owner = owners.get(path)!;
    most.set(
      owner,
      Math.max(most.get(owner) ?? 0, Math.min(first.get(path)!.features, Math.max(1, countOf(path)))),
    );
  }
  const found = new Map<string, IncrementalPca>();
  /** How many leading components of a layer have not moved. */
  const steady = new Map<string, number>();
  let needed = new Map(most);
  const result = (converged: boolean): Components => ({
    of: (path) => found.get(owners.get(path)!)!,
    ownerOf: (path) => owners.get(path)!,
    converged,
  });
  for (let pass = 0; pass < maxPasses; pass++) {
    for (const [i, batch] of batches.entries()) {
      signal?.throwIfAborted();
      const open = [...most.keys()].filter((path) => (steady.get(path) ?? -1) < needed.get(path)!);
      if (open.length === 0) return result(true);
      const seen = pass === 0 && i === 0 ? first : activations(model, params, open, batch, where);
      for (const path of open) {
        const { values, features } = seen.get(path)!;
        const count = most.get(path)!;
        if (values.length / features < count) continue;
        const previous = found.get(path);
        const next = incrementalPca(previous, values, features, count, `${where}: ${quote(path)}`);
        found.set(path, next);
        if (previous) steady.set(path, steadyComponents(previous, next, tau));
      }
      if (found.size === most.size) needed = share(result(false));
    }
    const never = [...most.keys()].filter((path) => !found.has(path));
    if (never.length > 0) {
      const expected = `a batch of at least ${Math.max(...never.map((path) => most.get(path)!))} rows`;
      throw new AdapterError({ where, expected, received: `smaller ones only, for ${listNames(never)}` });
    }
  }
  return result(false);
}

interface Activations {
  readonly values: Float32Array;
  readonly features: number;
}

/** The rows that count of the inputs of each layer, for one batch. */
function activations(
  model: Pick<Model, 'apply'>,
  params: StateDict,
  paths: readonly string[],
  { inputs, mask }: EvaBatch,
  where: string,
): Map<string, Activations> {
  const wanted = new Set(paths);
  const found = new Map<string, Activations>();
  tidy(() => {
    const output = model.apply(params, inputs, {
      tap: (path, input) => {
        if (!wanted.has(path) || found.has(path)) return;
        const features = input.shape.at(-1)!;
        found.set(path, {
          values: selected(input.dataSync() as Float32Array, features, mask, where),
          features,
        });
      },
    });
    output.dispose();
  });
  const missing = paths.filter((path) => !found.has(path));
  if (missing.length === 0) return found;
  throw new AdapterError({
    where,
    expected: 'layers that the forward pass reaches',
    received: `no activations for ${listNames(missing)}`,
  });
}

function selected(
  values: Float32Array,
  features: number,
  mask: EvaBatch['mask'],
  where: string,
): Float32Array {
  if (!mask) return values;
  const rows = values.length / features;
  if (mask.length !== rows) {
    throw new AdapterError({
      where: `${where}: mask`,
      expected: `${rows} entries, one per row`,
      received: String(mask.length),
    });
  }
  const kept = Array.from({ length: rows }, (_, i) => i).filter((i) => mask[i]);
  const out = new Float32Array(kept.length * features);
  kept.forEach((row, i) => out.set(values.subarray(row * features, (row + 1) * features), i * features));
  return out;
}

/** Layers with equal inputs in the first batch share a decomposition: the first of them owns it. */
function shareInputs(paths: readonly string[], first: ReadonlyMap<string, Activations>): Map<string, string> {
  const owners = new Map<string, string>();
  for (const path of paths) {
    const { values, features } = first.get(path)!;
    const same = [...new Set(owners.values())].find((owner) => {
      const other = first.get(owner)!;
      return (
        other.features === features &&
        other.values.length === values.length &&
        other.values.every((x, i) => x === values[i])
      );
    });
    owners.set(path, same ?? path);
  }
  return owners;
}

/** How many components from the first on have kept their direction. */
function steadyComponents(before: IncrementalPca, after: IncrementalPca, tau: number): number {
  const { features, singularValues } = after;
  for (let k = 0; k < singularValues.length; k++) {
    let dot = 0;
    for (let j = k * features; j < (k + 1) * features; j++)
      dot += before.components[j]! * after.components[j]!;
    if (dot < tau) return k;
  }
  return singularValues.length;
}

/** Gives the budget to the components that explain most; the owner of shared components gets the most of those who share them. */
function allocate(
  paths: readonly string[],
  components: Components,
  rankOf: (path: string) => number,
  mostOf: (path: string) => number,
): Map<string, number> {
  const budget = paths.reduce((sum, path) => sum + rankOf(path), 0);
  const candidates = paths.flatMap((path) => {
    const ratios = components.of(path).explainedVarianceRatio;
    return [...ratios.subarray(0, Math.min(ratios.length, mostOf(path)))].map((ratio) => ({ path, ratio }));
  });
  candidates.sort((a, b) => b.ratio - a.ratio);
  const ranks = new Map(paths.map((path) => [path, 0]));
  for (const { path } of candidates.slice(0, budget)) ranks.set(path, ranks.get(path)! + 1);
  for (const path of paths) {
    const owner = components.ownerOf(path);
    const [mine, theirs] = [ranks.get(path)!, ranks.get(owner)!];
    if (theirs >= mine) continue;
    ranks.set(owner, mine);
    ranks.set(path, theirs);
  }
  return ranks;
}
