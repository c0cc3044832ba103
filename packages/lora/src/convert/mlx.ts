import type { RawStateDict, RawTensor } from '@weightloom/checkpoint';
import { AdapterError } from '../adapter-error.js';
import { type LoraAdapter, type LoraLayer, rankOf, scalings } from '../format/lora-adapter.js';
import { checkLayer } from '../internal/check-layer.js';
import { isObject, parseJsonObject, plain } from '../internal/json.js';
import { describe, quote } from '../internal/text.js';
import { scaled, transposed } from '../internal/values.js';
import {
  adapterOf,
  type ConversionReport,
  type FoundLayer,
  leaveExtras,
  Ledger,
  type ToConversion,
} from './conversion.js';

/** What MLX takes when its configuration names no scale. */
const DEFAULT_SCALE = 20;

/**
 * A PEFT adapter from the two files of MLX: `adapters.safetensors` with `<path>.lora_a` `[in, r]`, `<path>.lora_b` `[r, out]` and,
 * for DoRA, `<path>.m` `[out]`; `adapter_config.json` with `lora_parameters.scale` (default 20) and `lora_parameters.dropout`.
 *
 * `ΔW = scale · lora_bᵀ lora_aᵀ`, so `α = scale · r`. Adapters of embeddings, whose `lora_a` is `[rows, r]`, are told by
 * `options.embeddings`.
 *
 * @throws {AdapterError} for half a layer, factors that do not fit, and full fine-tunes
 */
export function fromMlx(
  tensors: RawStateDict,
  config: string,
  options: { readonly embeddings?: (path: string) => boolean } = {},
): { readonly adapter: LoraAdapter; readonly report: ConversionReport } {
  const where = 'fromMlx';
  const { scale, dropout } = readConfig(config, where);
  const { embeddings = (path) => /(^|\.)(embed_tokens|wte|tok_embeddings|word_embeddings)$/.test(path) } =
    options;
  const ledger = new Ledger();
  const groups = new Map<string, Map<string, RawTensor>>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const [, path, part] = /^(.*)\.(lora_a|lora_b|m)$/.exec(name) ?? [];
    if (path === undefined) ledger.leave(name, 'not a part of a LoRA layer');
    else groups.set(path, (groups.get(path) ?? new Map<string, RawTensor>()).set(part!, tensor));
  }
  const found: FoundLayer[] = [];
  for (const [path, parts] of groups) {
    const [a, b, magnitude] = ['lora_a', 'lora_b', 'm'].map((part) => parts.get(part));
    if (!a || !b || a.shape.length !== 2 || b.shape.length !== 2) {
      const received = [...parts].map(([part, { shape }]) => `${part} [${shape.join(', ')}]`).join(', ');
      throw new AdapterError({
        where: `${where}: ${quote(path)}`,
        expected: 'lora_a [in, r] and lora_b [r, out]',
        received,
      });
    }
    const kind = embeddings(path) ? 'embedding' : 'linear';
    const layer: LoraLayer = { kind, a: transposed(a), b: transposed(b), magnitude };
    const rank = rankOf(layer);
    const useDora = magnitude !== undefined;
    checkLayer(layer, { rank, config: { useDora, loraBias: false }, where: `${where}: ${quote(path)}` });
    found.push({ path, layer, alpha: scale * rank });
    for (const part of parts.keys()) ledger.map(`${path}.${part}`, path);
  }
  if (found.length === 0) {
    throw new AdapterError({ where, expected: 'lora_a and lora_b of at least one module', received: 'none' });
  }
  return { adapter: adapterOf(found, where, { loraDropout: dropout }), report: ledger };
}

function readConfig(text: string, where: string): { scale: number; dropout: number } {
  const value = plain(parseJsonObject(text, `${where}: adapter_config.json`)) as Record<string, unknown>;
  const type = value.fine_tune_type ?? 'lora';
  if (type !== 'lora' && type !== 'dora') {
    const expected = '"lora" or "dora"';
    throw new AdapterError({ where: `${where}: fine_tune_type`, expected, received: describe(type) });
  }
  const parameters = isObject(value.lora_parameters)
    ? (value.lora_parameters as Record<string, unknown>)
    : {};
  const { scale = DEFAULT_SCALE, dropout = 0 } = parameters;
  for (const [key, number] of Object.entries({ scale, dropout })) {
    if (typeof number === 'number' && Number.isFinite(number)) continue;
    throw new AdapterError({
      where: `${where}: lora_parameters.${key}`,
      expected: 'a number',
      received: describe(number),
    });
  }
  return { scale: scale as number, dropout: dropout as number };
}

/**
 * The two files of MLX from a PEFT adapter. MLX has one scale for all layers: where PEFT's differ, the difference goes into
 * `lora_b`. Convolutions, whole modules, biases and trained tokens are reported.
 */
export function toMlx(adapter: LoraAdapter): ToConversion & { readonly config: string } {
  const ledger = new Ledger();
  const tensors = Object.create(null) as RawStateDict;
  leaveExtras(adapter, ledger, 'MLX');
  const scaling = scalings(adapter.config);
  const kept = [...adapter.layers].filter(([path, { kind }]) => {
    if (kind === 'conv') ledger.leave(path, 'MLX stores no adapters of convolutions');
    return kind !== 'conv';
  });
  if (kept.length === 0) {
    throw new AdapterError({
      where: 'toMlx',
      expected: 'adapters of linear layers or embeddings',
      received: 'none',
    });
  }
  const scale = scaling(kept[0]![0]) || 1;
  for (const [path, { a, b, magnitude }] of kept) {
    tensors[`${path}.lora_a`] = transposed(a);
    tensors[`${path}.lora_b`] = transposed(scaled(b, scaling(path) / scale, path));
    if (magnitude) tensors[`${path}.m`] = { ...magnitude, shape: [b.shape[0]!] };
    ledger.map(path, `${path}.lora_a, ${path}.lora_b`);
  }
  const config = {
    fine_tune_type: adapter.config.useDora ? 'dora' : 'lora',
    // MLX counts from the last layer on and would leave out what is adapted before; -1 stands for all.
    num_layers: -1,
    lora_parameters: {
      rank: rankOf(kept[0]![1]),
      scale,
      dropout: adapter.config.loraDropout,
      keys: [...new Set(kept.map(([path]) => path.replace(/^.*\.layers\.\d+\./, '')))].sort(),
    },
  };
  return {
    tensors,
    metadata: { format: 'mlx' },
    config: `${JSON.stringify(config, null, 4)}\n`,
    report: ledger,
  };
}
