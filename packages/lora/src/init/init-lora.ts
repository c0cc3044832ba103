import type { StateDict } from '@weightloom/state-dict';
import {
  add,
  copy,
  foldIn,
  type Key,
  norm,
  normal,
  reshape,
  take,
  tensor,
  type Tensor,
  transpose as turn,
  zeros,
} from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { scalings } from '../format/lora-adapter.js';
import type { LoraConfig } from '../format/lora-config.js';
import { matchModules, patternLookup } from '../format/match-modules.js';
import { tokenIndices } from '../format/parse-lora-adapter.js';
import { checkAdapterName, liveName } from '../internal/live-names.js';
import { adaptableModules, type ModuleKindOptions } from '../internal/module-kinds.js';
import { type Matrix, matrix, multiply, transpose } from '../internal/multiply.js';
import { pythonPattern } from '../internal/python-pattern.js';
import { quote, showShape } from '../internal/text.js';
import type { LoftqOptions } from './loftq.js';
import { findStart, type Started } from './starts.js';

export interface InitLoraOptions extends Pick<ModuleKindOptions, 'embeddings'> {
  /** Decides every random draw; each factor has its own stream, by the path of its module. */
  readonly key: Key;
  /** The adapter's own name (default `'default'`). */
  readonly name?: string;
  /**
   * How the factors start (default: `config.initLoraWeights`): `true` Kaiming uniform, `'gaussian'`, `false` both random, `'init_a'`
   * (`A ~ N(0, σ²/in)`, `B = 0`), `'init_b'` (`A = 0`, `B ~ N(0, σ²/r)`), `'pissa'`, `'pissa_niter_<n>'`, `'olora'`, `'loftq'`,
   * `'orthogonal'`. For EVA see `initEva`.
   */
  readonly init?: boolean | string;
  /** `σ ≥ 0` of Init[A] and Init[B] (default 1). */
  readonly sigma?: number;
  /** Bits and rounds of LoftQ. */
  readonly loftq?: LoftqOptions;
}

/** An adapter before its first step. */
export interface InitializedLora {
  /** The configuration to store with it. */
  readonly config: LoraConfig;
  /** The adapter's tensors, by the names `adaptModel` looks for. */
  readonly params: StateDict;
  /** Weights of the base that the start has changed (PiSSA, OLoRA, LoftQ); put them in place of the base's. Else empty. */
  readonly base: StateDict;
}

/**
 * Makes a new adapter for a model: factors for every module the configuration matches, DoRA's magnitudes (the norms of the base, so that
 * nothing changes at first), copies of modules, biases and tokens that are trained whole.
 *
 * Train with `{ ...params, ...base, ...own }` and `adaptModel`. Embeddings start as in PEFT: `A = 0`, `B ~ N(0, 1)`.
 *
 * @param params - weights of the model; left unchanged
 * @throws {AdapterError} when nothing matches, for a rank above what a start can give, a start that convolutions and embeddings do not
 *   have, an unknown start, and where both factors would be zero
 * @see Hayou et al. 2024, arXiv:2406.08447 (Init[A], Init[B]); Meng et al. 2024, arXiv:2404.02948 (PiSSA); Büyükakyüz 2024,
 *   arXiv:2406.01775 (OLoRA); Li et al. 2023, arXiv:2310.08659 (LoftQ)
 */
export function initLora(params: StateDict, config: LoraConfig, options: InitLoraOptions): InitializedLora {
  const where = 'initLora';
  const { key, name = 'default', sigma = 1, loftq = {} } = options;
  checkAdapterName(name, where);
  if (!(sigma >= 0)) throw new RangeError(`${where}: expected sigma of at least 0, received ${sigma}`);
  const init = options.init ?? config.initLoraWeights;
  if ((init === 'init_a' || init === 'init_b') && sigma === 0) {
    throw new AdapterError({
      where,
      expected: 'sigma above 0',
      received: '0: with both factors zero an adapter never learns',
    });
  }
  const start = findStart(init, where);
  const shapes = new Map(Object.entries(params).map(([key, { shape }]) => [key, shape] as const));
  const modules = adaptableModules(shapes, {
    embeddings: options.embeddings,
    fanInFanOut: config.fanInFanOut,
  });
  const kinds = new Map(modules.map(({ path, kind }) => [path, kind]));
  const ranks = patternLookup(config.rankPattern, 'rankPattern');
  const scaling = scalings(config);
  const own = Object.create(null) as StateDict;
  const base = Object.create(null) as StateDict;
  const matched = config.targetModules === null ? [] : matchModules(config, modules);
  for (const path of matched) adapt(path, kinds.get(path)!, ranks(path) ?? config.r);
  saveWhole();
  const stored = init === 'init_a' || init === 'init_b' ? true : init;
  return { config: { ...config, initLoraWeights: stored }, params: own, base };

  function adapt(path: string, kind: NonNullable<ReturnType<typeof kinds.get>>, rank: number): void {
    const at = `${where}: ${quote(path)}`;
    const weightName = `${path}.weight`;
    const weight = params[weightName]!;
    const [first, second, ...kernel] = weight.shape as [number, number, ...number[]];
    const ownKey = foldIn(key, path);
    if (kind === 'embedding') {
      refuseSpecial(at, 'an embedding');
      own[liveName.embeddingA(path, name)] = zeros([rank, first]);
      own[liveName.embeddingB(path, name)] = normal(foldIn(ownKey, 'B'), [second, rank]);
      if (config.useDora) own[liveName.magnitude(path, name)] = norm(weight, { axis: 0 });
      return;
    }
    if (kernel.length > 0) refuseSpecial(at, 'a convolution');
    const turned = kind === 'conv1d';
    const [out, fanIn] = turned ? [second, first] : [first, weight.size / first];
    if (start.needsWeight && rank > Math.min(out, fanIn)) {
      throw new AdapterError({
        where: at,
        expected: `a rank up to ${Math.min(out, fanIn)} for ${showShape(weight.shape)}`,
        received: String(rank),
      });
    }
    const read = (): Matrix => {
      const stored = matrix(weight.dataSync() as Float32Array, first, weight.size / first);
      return turned ? transpose(stored) : stored;
    };
    let kept: Matrix | undefined;
    const started = start.run({
      fanIn,
      out,
      rank,
      scaling: scaling(path),
      key: ownKey,
      loftq,
      sigma,
      where: at,
      weight: () => (kept ??= read()),
    });
    own[liveName.a(path, name)] = tensor(
      started.a.values,
      kernel.length > 0 ? [rank, second, ...kernel] : [rank, fanIn],
    );
    own[liveName.b(path, name)] = tensor(started.b.values, [out, rank, ...kernel.map(() => 1)]);
    if (started.reduced) base[weightName] = reducedTensor(started.reduced, turned);
    if (config.loraBias) own[liveName.bias(path, name)] = zeros([out]);
    if (config.useDora)
      own[liveName.magnitude(path, name)] = magnitudeOf(
        base[weightName] ?? weight,
        started,
        turned,
        scaling(path),
      );
  }

  function refuseSpecial(at: string, what: string): void {
    if (!start.needsWeight && init !== 'orthogonal') return;
    throw new AdapterError({
      where: at,
      expected: 'a linear layer',
      received: `${what}, which has no start ${quote(String(init))}`,
    });
  }

  /** Copies of what is trained whole. */
  function saveWhole(): void {
    const keep = (key: string): void => {
      const dot = key.lastIndexOf('.');
      own[liveName.saved(key.slice(0, dot), name, key.slice(dot + 1))] = copy(params[key]!);
    };
    for (const module of config.modulesToSave ?? []) {
      const pattern = pythonPattern(module, 'modulesToSave', (source) => `^(?:^|.*\\.)${source}\\.[^.]+$`);
      const found = Object.keys(params).filter((key) => pattern.test(key));
      if (found.length === 0)
        throw new AdapterError({ where, expected: `a module ${quote(module)} to save`, received: 'none' });
      found.forEach(keep);
    }
    if (config.bias !== 'none') {
      const adapted = new Set(matched.map((path) => `${path}.bias`));
      Object.keys(params)
        .filter((key) => key.endsWith('.bias') && (config.bias === 'all' || adapted.has(key)))
        .forEach(keep);
    }
    for (const [module, indices] of tokenIndices(config)) {
      const table = Object.keys(params).find(
        (key) => key === `${module}.weight` || key.endsWith(`.${module}.weight`),
      );
      if (!table) throw new AdapterError({ where, expected: `a table ${quote(module)}`, received: 'none' });
      const path = table.slice(0, -'.weight'.length);
      own[liveName.tokens(path, name)] = take(params[table]!, tensor(Int32Array.from(indices)), 0);
    }
  }
}

function reducedTensor(reduced: Matrix, turned: boolean): Tensor {
  const stored = turned ? transpose(reduced) : reduced;
  return tensor(stored.values, [stored.rows, stored.columns]);
}

/** `‖W + s · B · A‖` over the inputs of each output. */
function magnitudeOf(weight: Tensor, { a, b }: Started, turned: boolean, scaling: number): Tensor {
  const straight = turned ? turn(weight) : weight;
  const flat = reshape(straight, [straight.shape[0]!, -1]);
  const product = tensor(multiplied(b, a, scaling), [b.rows, a.columns]);
  const norms = norm(add(flat, product), { axis: 1 });
  const kernel = weight.shape.slice(2);
  return kernel.length > 0 ? reshape(norms, [1, -1, ...kernel.map(() => 1)]) : norms;
}

function multiplied(b: Matrix, a: Matrix, factor: number): Float32Array {
  return multiply(b, { ...a, values: a.values.map((value) => value * factor) }).values;
}
