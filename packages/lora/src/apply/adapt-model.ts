import type { ApplyContext, Model, StateDict } from '@weightloom/nn';
import {
  add,
  conv2d,
  matmul,
  mul,
  scatterAdd,
  sub,
  take,
  tensor,
  type Tensor,
  transpose,
} from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import type { LoraConfig } from '../format/lora-config.js';
import { indicesFor } from '../format/parse-lora-adapter.js';
import {
  type ActiveAdapter,
  activeAdapter,
  adaptConv,
  adaptLinear,
  effectiveWeight,
  type LiveLayer,
  liveLayers,
} from '../internal/live-layer.js';
import { checkAdapterName, liveName, livePartOf } from '../internal/live-names.js';
import { listNames, quote } from '../internal/text.js';

/** Which adapters are on: a name, several, or several with weights (default weight 1); none for `[]`. */
export type ActiveAdapters = string | readonly string[] | Readonly<Record<string, number>>;

/** A model with adapters beside its weights. */
export interface AdaptedModel extends Pick<Model, 'apply'> {
  /** Whether a tensor belongs to an active adapter: the `trainable` of `fit`. */
  readonly trainable: (name: string) => boolean;
  /** The same model with other adapters on. Costs nothing: no weight is touched. */
  activate(active: ActiveAdapters): AdaptedModel;
}

/**
 * Lets adapters take part in a model's forward pass without forming `W + ΔW`: `y = W x + b + w · s · B(A(x))` through `ctx.linear`
 * and `ctx.conv`, for embeddings with an updated table; DoRA, dropout (while training, with a key), whole modules and trained
 * tokens as PEFT does them.
 *
 * The adapters' tensors are looked for among the weights that `apply` gets, under the names `adapterParams` and `initLora` give them.
 *
 * @param adapters - configurations by the adapters' names
 * @param active - which are on from the start (default: all of them, with weight 1)
 * @throws {AdapterError} for an unknown adapter, and for combinations that are not sums: DoRA beside others or with a weight, two
 *   adapters that save the same module
 */
export function adaptModel(
  model: Pick<Model, 'apply'>,
  adapters: Readonly<Record<string, LoraConfig>>,
  active: ActiveAdapters = Object.keys(adapters),
): AdaptedModel {
  const where = 'adaptModel';
  const on = readActive(adapters, active, where);
  const isPart = on.map(({ name }) => livePartOf(name));
  return {
    apply: (params, x, ctx = {}) =>
      model.apply(substituted(params, on, where), x, withAdapters(params, on, ctx)),
    trainable: (name) => isPart.some((partOf) => partOf(name) !== undefined),
    activate: (other) => adaptModel(model, adapters, other),
  };
}

/**
 * Weights with adapters put into them, for models that do not ask `ctx`: `W + w · s · B · A` and so on, differentiable, to be used
 * inside `jit` and `grad`.
 *
 * Weights stored `[in, out]` are told by their shape, square ones by `fanInFanOut` of the configuration.
 */
export function adaptParams(
  params: StateDict,
  adapters: Readonly<Record<string, LoraConfig>>,
  active: ActiveAdapters = Object.keys(adapters),
): StateDict {
  const where = 'adaptParams';
  const on = readActive(adapters, active, where);
  const out = Object.assign(Object.create(null) as StateDict, substituted(params, on, where));
  for (const { name } of on) {
    const partOf = livePartOf(name);
    for (const key of Object.keys(params)) {
      const part = partOf(key);
      if (part?.kind !== 'a') continue;
      const layers = liveLayers(
        params,
        part.path,
        on.filter((adapter) => adapter.name === name),
      );
      const weightName = `${part.path}.weight`;
      const weight = need(out, weightName, where);
      out[weightName] = effectiveWeight(weight, layers, isTransposed(weight, layers[0]!));
      const [{ bias, factor }] = layers as [LiveLayer];
      if (bias) out[`${part.path}.bias`] = add(need(out, `${part.path}.bias`, where), mul(bias, factor));
    }
  }
  return out;
}

function isTransposed(weight: Tensor, { a, b, adapter }: LiveLayer): boolean {
  if (weight.rank !== 2) return false;
  const [out, width] = [b.shape[0]!, a.shape[1]!];
  return out === width ? adapter.config.fanInFanOut : weight.shape[0] === width;
}

function readActive(
  adapters: Readonly<Record<string, LoraConfig>>,
  active: ActiveAdapters,
  where: string,
): ActiveAdapter[] {
  const names = typeof active === 'string' ? [active] : active;
  const weights = Array.isArray(names) ? names.map((name) => [name, 1] as const) : Object.entries(names);
  const on = weights.map(([name, weight]) => {
    checkAdapterName(name, where);
    if (!Object.hasOwn(adapters, name)) {
      const expected = `adapters among ${listNames(Object.keys(adapters))}`;
      throw new AdapterError({ where, expected, received: quote(name) });
    }
    if (!Number.isFinite(weight))
      throw new RangeError(`${where}: expected a finite weight for ${quote(name)}, received ${weight}`);
    return activeAdapter(name, adapters[name]!, weight);
  });
  const dora = on.find(({ config }) => config.useDora);
  if (dora && (on.length > 1 || dora.weight !== 1)) {
    const received =
      on.length > 1 ? `${listNames(on.map(({ name }) => name))} together` : `weight ${dora.weight}`;
    throw new AdapterError({
      where,
      expected: 'DoRA alone and with weight 1: its change is no sum',
      received,
    });
  }
  return on;
}

/** The context of the model, with the adapters in its linear layers and convolutions. */
function withAdapters(params: StateDict, on: readonly ActiveAdapter[], ctx: ApplyContext): ApplyContext {
  return {
    ...ctx,
    linear: (path, x, weight, bias) => {
      const layers = liveLayers(params, path, on);
      const given = ctx.linear?.(path, x, weight, bias);
      if (layers.length === 0) return given;
      const product = given ?? matmul(x, transpose(weight));
      const base = given || !bias ? product : add(product, bias);
      return adaptLinear(path, x, weight, base, layers, ctx);
    },
    conv: (path, x, weight, bias, options) => {
      const layers = liveLayers(params, path, on);
      const given = ctx.conv?.(path, x, weight, bias, options);
      if (layers.length === 0) return given;
      const base = given ?? conv2d(x, weight, bias ?? null, options);
      return adaptConv(path, x, weight, base, options, layers, ctx);
    },
  };
}

/** The model's weights with whole modules, trained tokens and the tables of adapted embeddings in their places. */
function substituted(params: StateDict, on: readonly ActiveAdapter[], where: string): StateDict {
  const changes = new Map<string, Tensor>();
  const from = new Map<string, string>();
  for (const adapter of on) {
    const partOf = livePartOf(adapter.name);
    for (const [name, value] of Object.entries(params)) {
      const part = partOf(name);
      if (part?.kind !== 'saved') continue;
      const target = `${part.path}.${part.param}`;
      if (from.has(target)) {
        const received = `${quote(from.get(target)!)} and ${quote(adapter.name)}`;
        throw new AdapterError({
          where: `${where}: ${quote(target)}`,
          expected: 'one adapter that saves it whole',
          received,
        });
      }
      from.set(target, adapter.name);
      changes.set(target, value);
    }
  }
  const current = (name: string): Tensor => changes.get(name) ?? need(params, name, where);
  for (const adapter of on) {
    const partOf = livePartOf(adapter.name);
    for (const [name, value] of Object.entries(params)) {
      const part = partOf(name);
      const target = `${part?.path}.weight`;
      if (part?.kind === 'embeddingA')
        changes.set(target, effectiveWeight(current(target), [tableLayer(params, part.path, adapter)], true));
      if (part?.kind === 'tokens')
        changes.set(target, withRows(current(target), indicesFor(adapter.config, part.path)!, value));
    }
  }
  return changes.size === 0
    ? params
    : Object.assign(Object.create(null) as StateDict, params, Object.fromEntries(changes));
}

function tableLayer(params: StateDict, path: string, adapter: ActiveAdapter): LiveLayer {
  const { name } = adapter;
  return {
    a: params[liveName.embeddingA(path, name)]!,
    b: params[liveName.embeddingB(path, name)]!,
    magnitude: params[liveName.magnitude(path, name)],
    factor: adapter.scaling(path) * adapter.weight,
    adapter,
  };
}

/** A table with some rows in place of its own. */
function withRows(table: Tensor, indices: readonly number[], rows: Tensor): Tensor {
  const index = tensor(Int32Array.from(indices));
  return add(table, scatterAdd(index, sub(rows, take(table, index, 0)), table.shape[0]!));
}

function need(params: StateDict, name: string, where: string): Tensor {
  const found = params[name];
  if (found) return found;
  throw new AdapterError({ where, expected: `a weight ${quote(name)} of the model`, received: 'none' });
}
