import type { Dtype, RawTensor } from '@weightloom/checkpoint';
import { fromTensors, type StateDict, toTensors } from '@weightloom/state-dict';
import { AdapterError } from '../adapter-error.js';
import type { LoraAdapter, LoraLayer } from '../format/lora-adapter.js';
import type { LoraConfig } from '../format/lora-config.js';
import { patternLookup } from '../format/match-modules.js';
import { checkLayer } from '../internal/check-layer.js';
import { checkAdapterName, liveName, livePartOf } from '../internal/live-names.js';
import { quote } from '../internal/text.js';
import { finiteValues, store } from '../internal/values.js';

/**
 * The tensors of an adapter, float32, under the names `adaptModel` looks for: `<path>.lora_A.<name>.weight` and so on, as PEFT has
 * them in memory. Put them beside the weights of the model: `{ ...params, ...adapterParams(adapter) }`.
 *
 * @param name - the adapter's own name, without dots (default `'default'`)
 */
export function adapterParams(adapter: LoraAdapter, name = 'default'): StateDict {
  checkAdapterName(name, 'adapterParams');
  const raws = Object.create(null) as Record<string, RawTensor>;
  for (const [path, { kind, a, b, bias, magnitude }] of adapter.layers) {
    const embedding = kind === 'embedding';
    raws[(embedding ? liveName.embeddingA : liveName.a)(path, name)] = a;
    raws[(embedding ? liveName.embeddingB : liveName.b)(path, name)] = b;
    if (bias) raws[liveName.bias(path, name)] = bias;
    if (magnitude) raws[liveName.magnitude(path, name)] = magnitude;
  }
  for (const [key, tensor] of adapter.saved) {
    const own = key.replace(/\.base_layer\.([^.]+)$/, '.$1');
    const dot = own.lastIndexOf('.');
    raws[liveName.saved(own.slice(0, dot), name, own.slice(dot + 1))] = tensor;
  }
  for (const [path, tensor] of adapter.tokens) raws[liveName.tokens(path, name)] = tensor;
  return toTensors(raws);
}

export interface AdapterFromParamsOptions {
  /** The adapter's own name (default `'default'`). */
  readonly name?: string;
  /** Storage dtype (default `'F32'`). */
  readonly dtype?: Dtype;
}

/**
 * The adapter that was trained: the reverse of `adapterParams`.
 *
 * @param params - trained weights, of the model and of any number of adapters
 * @throws {AdapterError} when a factor is missing or does not fit `config`, and for NaN and infinities
 */
export async function adapterFromParams(
  params: StateDict,
  config: LoraConfig,
  options: AdapterFromParamsOptions = {},
): Promise<LoraAdapter> {
  const { name = 'default', dtype = 'F32' } = options;
  const where = 'adapterFromParams';
  checkAdapterName(name, where);
  const partOf = livePartOf(name);
  const own = Object.create(null) as StateDict;
  for (const [key, tensor] of Object.entries(params)) if (partOf(key)) own[key] = tensor;
  const raws = await fromTensors(own);
  const parts = new Map<string, Partial<Record<string, RawTensor>>>();
  const saved: [path: string, param: string, tensor: RawTensor][] = [];
  const tokens = new Map<string, RawTensor>();
  for (const [key, raw] of Object.entries(raws)) {
    const { kind, path, param } = partOf(key)!;
    const tensor = store(
      finiteValues(raw, `${where}: ${quote(key)}`),
      raw.shape,
      `${where}: ${quote(key)}`,
      dtype,
    );
    if (kind === 'tokens') tokens.set(path, tensor);
    else if (kind === 'saved') saved.push([path, param!, tensor]);
    else parts.set(path, { ...parts.get(path), [kind]: tensor });
  }
  const layers = new Map([...parts].map(([path, found]) => [path, layerFrom(path, found, where)] as const));
  const rank = patternLookup(config.rankPattern, 'rankPattern');
  for (const [path, layer] of layers) {
    checkLayer(layer, { rank: rank(path) ?? config.r, config, where: `${where}: ${quote(path)}` });
  }
  if (layers.size === 0) {
    const received = `none of the name ${quote(name)}`;
    throw new AdapterError({ where, expected: 'tensors of an adapter among the weights', received });
  }
  return {
    config,
    layers,
    saved: new Map(saved.map((entry) => savedName(entry, layers))),
    tokens,
    warnings: [],
  };
}

function layerFrom(path: string, found: Partial<Record<string, RawTensor>>, where: string): LoraLayer {
  const { a = found.embeddingA, b = found.embeddingB, bias, magnitude } = found;
  if (!a || !b) {
    const received = Object.keys(found).join(', ');
    throw new AdapterError({ where: `${where}: ${quote(path)}`, expected: 'lora_A and lora_B', received });
  }
  const kind = found.embeddingA ? 'embedding' : a.shape.length > 2 ? 'conv' : 'linear';
  return { kind, a, b, bias, magnitude };
}

/** Trained biases and tables of adapted modules are stored with `base_layer` in their names. */
function savedName(
  [path, param, tensor]: [string, string, RawTensor],
  layers: ReadonlyMap<string, LoraLayer>,
): readonly [string, RawTensor] {
  return [layers.has(path) ? `${path}.base_layer.${param}` : `${path}.${param}`, tensor];
}
