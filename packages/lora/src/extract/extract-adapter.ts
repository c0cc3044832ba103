import { type Dtype, type RawTensor, toFloat32 } from '@weightloom/checkpoint';
import type { Key } from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import type { LoraAdapter, LoraLayer } from '../format/lora-adapter.js';
import { configFor, shortTargets } from '../internal/build-config.js';
import { checkRankTarget, chooseRank, type RankTarget } from '../internal/choose-rank.js';
import { looksLikeEmbedding } from '../internal/module-kinds.js';
import { asTensor, matrix, relativeResidual, sumOfSquares, transpose } from '../internal/multiply.js';
import { factorsOf, firstOf, largestSingular } from '../internal/singular.js';
import { listNames, quote, showShape } from '../internal/text.js';
import { finiteValues, store } from '../internal/values.js';
import { readerOf, type WeightSource, type WeightsReader } from '../internal/weights-reader.js';

export interface ExtractOptions extends RankTarget {
  /** At most so many directions per module (default 128, as mergekit-extract-lora). */
  readonly rank?: number;
  /** `√Σ` on both factors (default `true`); otherwise `Σ` goes to `lora_A`. */
  readonly distributeScale?: boolean;
  /** Leave out what cannot be decomposed, such as norms and biases (default `false`: store it whole). */
  readonly skipUndecomposable?: boolean;
  /** Store tables that have more rows than the base's whole (default `false`: cut the additional rows off, with a warning). */
  readonly extendVocab?: boolean;
  /** Which modules are considered (default: all). */
  readonly include?: (path: string) => boolean;
  /** Which matrices are tables of embeddings (default: by the usual names). */
  readonly embeddings?: (path: string) => boolean;
  /** Matrices are stored `[in, out]`, as GPT-2's are (default `false`). */
  readonly fanInFanOut?: boolean;
  /** Storage dtype of the factors (default `'F32'`). */
  readonly dtype?: Dtype;
  /** Random key of the decomposition of large matrices (default: a fixed one). */
  readonly key?: Key;
  readonly onProgress?: (progress: {
    readonly done: number;
    readonly total: number;
    readonly label: string;
  }) => void;
  readonly signal?: AbortSignal;
}

/** How well a module's update was caught. */
export interface LayerFit {
  readonly path: string;
  readonly rank: number;
  /** `‖ΔW‖`, Frobenius. */
  readonly norm: number;
  /** `‖ΔW - BA‖ / ‖ΔW‖`. */
  readonly error: number;
}

export interface Extraction {
  readonly adapter: LoraAdapter;
  readonly layers: readonly LayerFit[];
  /** Tensors stored whole. */
  readonly saved: readonly string[];
  /** What the adapter does not hold although it differs, and why. */
  readonly left: readonly { readonly name: string; readonly reason: string }[];
}

/**
 * A LoRA adapter from a fine-tuned model and its base: for each matrix, kernel and table the truncated singular value decomposition of
 * `ΔW = W_tuned - W_base`, in float32, with `α = r`.
 *
 * Modules that did not change are left out. What has no low-rank form is stored whole: biases of adapted modules (`bias:
 * "lora_only"`), other modules under `modules_to_save`. Decompositions are exact up to 512 rows or columns, randomised (three power
 * iterations) above.
 *
 * @param base - state dict or open checkpoint; a head that is missing is looked for under the tied name
 * @param tuned - the same after full fine-tuning
 * @throws {AdapterError} for tensors that are missing in one of them (all named), shapes that differ, quantised weights, NaN, and when
 *   nothing changed
 * @throws {RangeError} for targets out of range
 */
export async function extractAdapter(
  base: WeightSource,
  tuned: WeightSource,
  options: ExtractOptions = {},
): Promise<Extraction> {
  const where = 'extractAdapter';
  const { rank = 128, dtype = 'F32', include = () => true, fanInFanOut = false } = options;
  checkRankTarget({ ...options, rank }, where);
  const [before, after] = [readerOf(base), readerOf(tuned)];
  const pairs = pairUp(before, after, where).filter(({ name }) => include(name.replace(/\.[^.]+$/, '')));
  const isTable = options.embeddings ?? looksLikeEmbedding;
  const found: { path: string; layer: LoraLayer; fit: LayerFit }[] = [];
  const whole = new Map<string, RawTensor>();
  const left: { name: string; reason: string }[] = [];
  const warnings: string[] = [];

  for (const [i, pair] of pairs.entries()) {
    options.signal?.throwIfAborted();
    await decompose(pair);
    options.onProgress?.({ done: i + 1, total: pairs.length, label: pair.name });
  }
  if (found.length === 0) {
    throw new AdapterError({
      where,
      expected: 'a fine-tune that differs from its base',
      received: 'equal matrices',
    });
  }

  const adapted = new Set(found.map(({ path }) => path));
  const saved = await saveWhole();
  const all = [...before.shapes.keys()]
    .filter((name) => name.endsWith('.weight'))
    .map((name) => name.slice(0, -7));
  const biased = [...saved.keys()].some((name) => name.endsWith('.base_layer.bias'));
  const modules = [
    ...new Set([...saved.keys()].filter((name) => !name.includes('.base_layer.')).map(moduleOf)),
  ].sort();
  const config = configFor(
    found.map(({ path, fit }) => ({ path, rank: fit.rank, alpha: fit.rank })),
    { fanInFanOut, bias: biased ? 'lora_only' : 'none', modulesToSave: modules.length > 0 ? modules : null },
  );
  return {
    adapter: {
      config: { ...config, targetModules: shortTargets([...adapted], all) },
      layers: new Map(found.map(({ path, layer }) => [path, layer])),
      saved,
      tokens: new Map(),
      warnings,
    },
    layers: found.map(({ fit }) => fit),
    saved: [...saved.keys()],
    left,
  };

  async function decompose({ name, from, to }: Pair): Promise<void> {
    const at = `${where}: ${quote(name)}`;
    const path = moduleOf(name);
    const [shape, target] = [before.shapes.get(from)!, after.shapes.get(to)!];
    const [x, y] = [await before.read(from), await after.read(to)];
    if (!isFloat(x) || !isFloat(y)) {
      if (sameBytes(x, y)) return;
      const cure = 'extract from the weights before they were quantised';
      throw new AdapterError({
        where: at,
        expected: 'floating dtypes',
        received: `${x.dtype} and ${y.dtype}`,
        cure,
      });
    }
    if (showShape(shape) !== showShape(target)) {
      if (options.extendVocab === true) {
        finiteValues(y, `${at} in the fine-tune`);
        whole.set(name, y);
        return;
      }
      warnings.push(`${name}: ${target[0]! - shape[0]!} additional rows are left out`);
      left.push({ name, reason: `${target[0]! - shape[0]!} rows more than the base has` });
    }
    const { delta, norm } = changeOf(x, y, at);
    if (norm === 0) return;
    if (!name.endsWith('.weight') || shape.length < 2) {
      whole.set(name, y);
      return;
    }
    const table = shape.length === 2 && isTable(path);
    const stored = matrix(delta, shape[0]!, delta.length / shape[0]!);
    const turned = table || (fanInFanOut && shape.length === 2);
    const m = turned ? transpose(stored) : stored;
    using change = asTensor(m);
    const singular = largestSingular(change, rank, options.key);
    const k = chooseRank(singular.s, norm ** 2, { ...options, rank });
    const { b, a } = factorsOf(firstOf(singular, k), options.distributeScale === false ? 'right' : 'both');
    const kernel = shape.slice(2);
    const kind = table ? 'embedding' : kernel.length > 0 ? 'conv' : 'linear';
    const layer: LoraLayer = {
      kind,
      a: store(a.values, [k, m.columns / kernel.reduce((p, n) => p * n, 1), ...kernel], at, dtype),
      b: store(b.values, [m.rows, k, ...kernel.map(() => 1)], at, dtype),
    };
    const error = await relativeResidual(change, b, a, norm);
    found.push({ path, layer, fit: { path, rank: k, norm, error } });
  }

  /** Everything of a module that is stored whole, with the names it has in the adapter. */
  async function saveWhole(): Promise<Map<string, RawTensor>> {
    const result = new Map<string, RawTensor>();
    const modules = new Set([...whole.keys()].map(moduleOf));
    for (const { name, to } of pairs) {
      const path = moduleOf(name);
      if (!modules.has(path)) continue;
      const own = whole.get(name);
      if (options.skipUndecomposable === true) {
        if (own) left.push({ name, reason: 'it cannot be decomposed' });
      } else if (adapted.has(path)) {
        if (own && name.endsWith('.bias')) result.set(`${path}.base_layer.bias`, own);
        else if (own)
          left.push({ name, reason: 'its module is adapted, and PEFT stores no such tensor beside factors' });
      } else if (path === '') {
        throw new AdapterError({
          where: `${where}: ${quote(name)}`,
          expected: 'tensors that belong to a module',
          received: 'one at the root of the model, which PEFT has no place for',
          cure: 'pass { skipUndecomposable: true } to leave it out',
        });
      } else result.set(name, own ?? (await after.read(to)));
    }
    return result;
  }
}

/** `W_tuned - W_base` of as many elements as the base has, and its norm. Nothing of the size of a weight is copied before. */
function changeOf(x: RawTensor, y: RawTensor, at: string): { delta: Float32Array; norm: number } {
  const [old, values] = [float32Of(x), float32Of(y)];
  const delta = new Float32Array(old.length);
  for (let i = 0; i < delta.length; i++) delta[i] = values[i]! - old[i]!;
  const sum = sumOfSquares(delta);
  if (!Number.isFinite(sum)) {
    // NaN or an infinity on either side: these name it.
    finiteValues(x, `${at} in the base`);
    finiteValues(y, `${at} in the fine-tune`);
    throw new AdapterError({
      where: at,
      expected: 'a change that float32 holds',
      received: 'one beyond its range',
    });
  }
  return { delta, norm: Math.sqrt(sum) };
}

/** The values, as a view where they are stored so. */
function float32Of(raw: RawTensor): Float32Array {
  const { dtype, bytes } = raw;
  return dtype === 'F32' && bytes.byteOffset % 4 === 0
    ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    : toFloat32(raw, { allowLoss: true });
}

interface Pair {
  /** Name in the adapter: the base's. */
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

const moduleOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')));
const isFloat = ({ dtype }: RawTensor): boolean => /^B?F(16|32|64)$/.test(dtype);
const sameBytes = (a: RawTensor, b: RawTensor): boolean =>
  a.bytes.length === b.bytes.length && a.bytes.every((byte, i) => byte === b.bytes[i]);

/** Tensors of both by name; heads and embeddings may stand in for one another, and tables may have grown. */
function pairUp(before: WeightsReader, after: WeightsReader, where: string): Pair[] {
  const missing: string[] = [];
  const pairs: Pair[] = [];
  for (const name of new Set([...before.shapes.keys(), ...after.shapes.keys()])) {
    const [from, to] = [storedName(before, name), storedName(after, name)];
    if (from === undefined || to === undefined) {
      missing.push(`${name} (${from === undefined ? 'not in the base' : 'not in the fine-tune'})`);
      continue;
    }
    const [shape, target] = [before.shapes.get(from)!, after.shapes.get(to)!];
    const grown =
      shape.length === 2 && target.length === 2 && shape[1] === target[1] && target[0]! > shape[0]!;
    if (showShape(shape) !== showShape(target) && !grown) {
      const received = showShape(target);
      throw new AdapterError({
        where: `${where}: ${quote(name)}`,
        expected: `shape ${showShape(shape)} as in the base`,
        received,
      });
    }
    pairs.push({ name, from, to });
  }
  if (missing.length > 0) {
    throw new AdapterError({
      where,
      expected: 'the same tensors in both',
      received: `only one of them with ${listNames(missing, 40)}`,
    });
  }
  return pairs;
}

function storedName({ shapes, tied }: WeightsReader, name: string): string | undefined {
  if (shapes.has(name)) return name;
  const alias = tied.get(name);
  if (alias !== undefined) return alias;
  if (name !== 'lm_head.weight') return undefined;
  const tables = [...shapes.keys()].filter((other) =>
    /(^|\.)(embed_tokens|wte|word_embeddings|embed_in)\.weight$/.test(other),
  );
  return tables.length === 1 ? tables[0] : undefined;
}
