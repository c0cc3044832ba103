import type { Model, StateDict } from '@weightloom/nn';
import {
  add,
  matmul,
  pad,
  reshape,
  stopGradient,
  sum,
  tile,
  transpose,
  type Tensor,
  zeros,
} from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { matchModules, type ModuleSelection } from '../format/match-modules.js';
import { parseJsonObject } from '../internal/json.js';
import { adaptableModules } from '../internal/module-kinds.js';
import { quote } from '../internal/text.js';
import type { LoraAdapter, LoraLayer } from '../format/lora-adapter.js';
import type { OtherAdapter } from '../peft/peft-adapter.js';
import { configFor } from '../internal/build-config.js';
import { finiteValues, store } from '../internal/values.js';
import { fromTensors } from '@weightloom/state-dict';

/** How blocks are shared. */
export type BoneVariant = 'bone' | 'bat' | 'mini';

export interface BoneOptions {
  /** Which modules are adapted, as in a `LoraConfig`. */
  readonly targetModules: string | readonly string[];
  /** Rank `r ≥ 1` (default 64). */
  readonly r?: number;
  /**
   * - `'bone'` (default; today called MiSS): `b` `[r, out]`, `ΔW[o, i] = b[i mod r, o]`;
   * - `'bat'`: `b` `[out / r, r, r]`, `ΔW_ij = W_ij b_i + b_i` over blocks of `r × r`, guided by the weights; both sizes divisible by `r`;
   * - `'mini'`: `b` `[r, miniR]`, repeated along the outputs.
   */
  readonly variant?: BoneVariant;
  /** For `'mini'`: a divisor of the number of outputs. */
  readonly miniR?: number;
}

const NAME = 'miss_block';

/**
 * The zero-initialised blocks of a Bone adapter, by the names `adaptBone` looks for: nothing changes at first.
 *
 * @throws {AdapterError} when nothing matches, for `r` above the inputs, and for sizes that do not divide where they must
 * @see Kang 2024, "Bone: Block-Affine Adaptation of Large Language Models", arXiv:2409.15371
 */
export function initBone(params: StateDict, options: BoneOptions): StateDict {
  const where = 'initBone';
  const { r = 64, variant = 'bone', miniR } = options;
  if (!Number.isSafeInteger(r) || r < 1)
    throw new RangeError(`${where}: expected a whole r of at least 1, received ${r}`);
  const shapes = new Map(Object.entries(params).map(([key, { shape }]) => [key, shape] as const));
  const modules = adaptableModules(shapes).filter(({ kind }) => kind === 'linear');
  const own = Object.create(null) as StateDict;
  for (const path of matchModules(selection(options), modules)) {
    const [out, inputs] = shapes.get(`${path}.weight`)! as [number, number];
    const refuse = (expected: string, received: string): never => {
      throw new AdapterError({ where: `${where}: ${quote(path)}`, expected, received });
    };
    if (r > inputs) refuse(`r up to the ${inputs} inputs`, String(r));
    if (variant === 'bat' && (out % r !== 0 || inputs % r !== 0)) {
      refuse(`sizes divisible by r = ${r} for bat`, `${out} × ${inputs}`);
    }
    if (variant === 'mini' && !(miniR !== undefined && miniR >= 1 && out % miniR === 0)) {
      refuse(`miniR that divides ${out}`, String(miniR));
    }
    own[`${path}.${NAME}`] = zeros(
      variant === 'bat' ? [out / r, r, r] : [r, variant === 'mini' ? miniR! : out],
    );
  }
  return own;
}

const selection = ({ targetModules }: BoneOptions): ModuleSelection => ({
  targetModules,
  excludeModules: null,
  modulesToSave: null,
  layersToTransform: null,
  layersPattern: null,
  taskType: null,
});

/**
 * Lets a Bone adapter take part in a model's linear layers: `y = W x + b + z · block` with `z` the sum of the chunks of length `r` of `x`;
 * for `'bat'` with `W + ΔW` formed anew in each step. Gradients flow to the blocks.
 */
export function adaptBone(
  model: Pick<Model, 'apply'>,
  { variant = 'bone' }: Pick<BoneOptions, 'variant'> = {},
): Pick<Model, 'apply'> & { readonly trainable: (name: string) => boolean } {
  return {
    trainable: (name) => name.endsWith(`.${NAME}`),
    apply: (params, x, ctx = {}) =>
      model.apply(params, x, {
        ...ctx,
        linear: (path, input, weight, bias) => {
          const block = params[`${path}.${NAME}`];
          const given = ctx.linear?.(path, input, weight, bias);
          if (!block) return given;
          const product = given ?? matmul(input, transpose(weight));
          const base = given || !bias ? product : add(product, bias);
          if (variant === 'bat')
            return add(base, matmul(input, transpose(batDelta(stopGradient(weight), block))));
          return add(base, matmul(chunkSums(input, block.shape[0]!), repeated(block, weight.shape[0]!)));
        },
      }),
  };
}

/** The sum of the chunks of length `r` of the last axis, the last one filled up with zeros: `[…, in]` → `[…, r]`. */
function chunkSums(x: Tensor, r: number): Tensor {
  const inputs = x.shape.at(-1)!;
  const chunks = Math.ceil(inputs / r);
  const lead = x.shape.slice(0, -1);
  const missing = chunks * r - inputs;
  const padded = missing === 0 ? x : pad(x, [...lead.map((): [number, number] => [0, 0]), [0, missing]]);
  return sum(reshape(padded, [...lead, chunks, r]), { axis: -2 });
}

/** `mini` blocks repeat along the outputs. */
const repeated = (block: Tensor, out: number): Tensor =>
  block.shape[1] === out ? block : tile(block, [1, out / block.shape[1]!]);

/** `W_ij b_i + b_i` for every block, as `[out, in]`. */
function batDelta(weight: Tensor, block: Tensor): Tensor {
  const [rows, r] = block.shape as [number, number, number];
  const columns = weight.shape[1]! / r;
  const blocks = transpose(reshape(weight, [rows, r, columns, r]), [0, 2, 1, 3]);
  const moved = reshape(matmul(reshape(blocks, [rows, columns * r, r]), block), [rows, columns, r, r]);
  const delta = add(moved, reshape(block, [rows, 1, r, r]));
  return reshape(transpose(delta, [0, 2, 1, 3]), [rows * r, columns * r]);
}

/** The trained blocks as an adapter that `mergeAdapter` and PEFT (type MISS) take. */
export async function boneAdapter(params: StateDict, options: BoneOptions): Promise<OtherAdapter> {
  const { variant = 'bone', miniR = 1, r = 64, targetModules } = options;
  const blocks = Object.fromEntries(Object.entries(params).filter(([name]) => name.endsWith(`.${NAME}`)));
  if (Object.keys(blocks).length === 0) {
    throw new AdapterError({
      where: 'boneAdapter',
      expected: `tensors called <path>.${NAME}`,
      received: 'none',
    });
  }
  const raws = await fromTensors(blocks);
  const values = {
    peft_type: 'MISS',
    r,
    init_weights: variant === 'bone' ? true : variant,
    mini_r: miniR,
    miss_dropout: 0,
    bias: 'none',
    target_modules: targetModules,
    inference_mode: true,
  };
  const modules = Object.entries(raws).map(([name, raw]) => {
    finiteValues(raw, `boneAdapter: ${quote(name)}`);
    return [name.slice(0, -NAME.length - 1), new Map([[NAME, raw]])] as const;
  });
  const source = parseJsonObject(JSON.stringify(values), 'boneAdapter');
  return {
    config: { peftType: 'MISS', values, source },
    modules: new Map(modules),
    saved: new Map(),
    warnings: [],
  };
}

/**
 * The default variant as a LoRA adapter, without loss: `A[j, i] = 1` where `i mod r = j`, `B = bᵀ`, scaling 1.
 *
 * @param inputsOf - number of inputs of a module
 * @throws {AdapterError} for bat, whose update is of full rank: merge it and extract
 */
export function boneToLora(adapter: OtherAdapter, inputsOf: (path: string) => number): LoraAdapter {
  const where = 'boneToLora';
  const kind = adapter.config.values.init_weights;
  if (adapter.config.peftType !== 'MISS' || kind === 'bat' || kind === 'mini') {
    const received = kind === 'bat' || kind === 'mini' ? String(kind) : adapter.config.peftType;
    throw new AdapterError({
      where,
      expected: 'a Bone adapter of the default variant',
      received,
      cure: 'merge it, then extract',
    });
  }
  const layers = new Map<string, LoraLayer>();
  for (const [path, factors] of adapter.modules) {
    const block = factors.get(NAME)!;
    const [r, out] = block.shape as [number, number];
    const inputs = inputsOf(path);
    const a = Float32Array.from({ length: r * inputs }, (_, at) =>
      (at % inputs) % r === Math.floor(at / inputs) ? 1 : 0,
    );
    const values = finiteValues(block, `${where}: ${quote(path)}`);
    const b = Float32Array.from({ length: out * r }, (_, at) => values[(at % r) * out + Math.floor(at / r)]!);
    layers.set(path, { kind: 'linear', a: store(a, [r, inputs], where), b: store(b, [out, r], where) });
  }
  const config = configFor(
    [...layers].map(([path, { a }]) => ({ path, rank: a.shape[0]!, alpha: a.shape[0]! })),
  );
  return { config, layers, saved: adapter.saved, tokens: new Map(), warnings: [] };
}
