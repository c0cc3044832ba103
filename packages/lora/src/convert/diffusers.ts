import type { Metadata, RawStateDict, RawTensor } from '@weightloom/checkpoint';
import { AdapterError } from '../adapter-error.js';
import { type LoraLayer, rankOf, scalings } from '../format/lora-adapter.js';
import { checkLayer } from '../internal/check-layer.js';
import { isObject, parseJsonObject, plain } from '../internal/json.js';
import { quote } from '../internal/text.js';
import { finiteValues, scaled } from '../internal/values.js';
import {
  adapterOf,
  type FoundLayer,
  type FromConversion,
  isScalar,
  leaveExtras,
  Ledger,
  type PipelineAdapters,
  type ToConversion,
} from './conversion.js';
import { patternLookup } from '../format/match-modules.js';

/** Parts of pipelines that names may start with; a name that starts with none belongs to the U-Net (old files hold only it). */
const PARTS = [
  'unet',
  'transformer',
  'transformer_2',
  'text_encoder',
  'text_encoder_2',
  'text_encoder_3',
  'prior',
  'decoder',
];

/** Where newer versions of diffusers keep the settings (spelling unverified). */
const SETTINGS = 'lora_adapter_metadata';

type Part = 'a' | 'b' | 'alpha' | 'magnitude' | 'bias';

/** Endings of the spellings diffusers has had, newest first, what they are, and what stays of the path. */
const ENDINGS: readonly (readonly [ending: RegExp, part: Part, path: string])[] = [
  [/\.lora_A(?:\.[^.]+)?\.weight$/, 'a', ''],
  [/\.lora_B(?:\.[^.]+)?\.weight$/, 'b', ''],
  [/\.lora_B\.bias$/, 'bias', ''],
  [/\.lora_magnitude_vector(?:\.weight)?$/, 'magnitude', ''],
  [/\.lora(?:_linear_layer)?\.down\.weight$/, 'a', ''],
  [/\.lora(?:_linear_layer)?\.up\.weight$/, 'b', ''],
  [/\.to_out_lora\.down\.weight$/, 'a', '.to_out.0'],
  [/\.to_out_lora\.up\.weight$/, 'b', '.to_out.0'],
  [/\.(to_[qkv]|add_[kqv]_proj)_lora\.down\.weight$/, 'a', '.$1'],
  [/\.(to_[qkv]|add_[kqv]_proj)_lora\.up\.weight$/, 'b', '.$1'],
  [/\.alpha$/, 'alpha', ''],
];

/**
 * PEFT adapters from a file of diffusers, in any of its spellings: `unet.<path>.lora_A.weight`, `.lora.down.weight`,
 * `.lora_linear_layer.down.weight`, `.processor.to_q_lora.down.weight`.
 *
 * Alphas come from `<path>.alpha`, else from the settings in the metadata, else they are the rank, as diffusers has it.
 *
 * @throws {AdapterError} for half a layer, factors that do not fit, and when nothing maps
 */
export function fromDiffusers(tensors: RawStateDict, metadata: Metadata = {}): FromConversion {
  const where = 'fromDiffusers';
  const ledger = new Ledger();
  const alphaOf = readSettings(metadata, where);
  const groups = new Map<string, { part: string; path: string; parts: Map<Part, [string, RawTensor]> }>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const ending = ENDINGS.find(([expression]) => expression.test(name));
    if (!ending) {
      ledger.leave(name, 'not a part of a LoRA layer');
      continue;
    }
    const [expression, kind, kept] = ending;
    const full = name
      .replace(expression, kept)
      .replace('.processor.', '.')
      .replace(/\.processor$/, '');
    const first = full.slice(0, full.indexOf('.'));
    const [part, path] = PARTS.includes(first) ? [first, full.slice(first.length + 1)] : ['unet', full];
    const group = groups.get(`${part} ${path}`) ?? { part, path, parts: new Map() };
    if (group.parts.has(kind)) {
      throw new AdapterError({
        where: `${where}: ${quote(full)}`,
        expected: 'each factor once',
        received: quote(name),
      });
    }
    group.parts.set(kind, [name, tensor]);
    groups.set(`${part} ${path}`, group);
  }
  const found = new Map<string, FoundLayer[]>();
  for (const { part, path, parts } of groups.values()) {
    const layer = layerOf(parts, `${where}: ${quote(`${part}.${path}`)}`);
    const stored = parts.get('alpha')?.[1];
    const rank = rankOf(layer);
    const alpha = stored
      ? scalar(stored, `${where}: ${quote(path)}.alpha`)
      : (alphaOf(part, path, rank) ?? rank);
    found.set(part, [...(found.get(part) ?? []), { path, layer, alpha }]);
    for (const [kind, [name]] of parts) {
      if (kind === 'bias') ledger.leave(name, 'PEFT has one setting for biases of lora_B; add it by hand');
      else ledger.map(name, `${part}: ${path}`);
    }
  }
  if (found.size === 0) {
    const received = ledger.left[0] ? quote(ledger.left[0].name) : 'an empty file';
    throw new AdapterError({ where, expected: 'LoRA layers of a diffusers pipeline', received });
  }
  const adapters = Object.fromEntries(
    [...found].map(([part, layers]) => [part, adapterOf(layers, `${where}: ${part}`)]),
  );
  return { adapters, report: ledger };
}

function layerOf(parts: Map<Part, [string, RawTensor]>, where: string): LoraLayer {
  const [a, b, magnitude] = (['a', 'b', 'magnitude'] as const).map((part) => parts.get(part)?.[1]);
  if (!a || !b) {
    const received = [...parts.values()].map(([name]) => quote(name)).join(', ');
    throw new AdapterError({ where, expected: 'both factors', received });
  }
  const layer: LoraLayer = { kind: a.shape.length > 2 ? 'conv' : 'linear', a, b, magnitude };
  checkLayer(layer, {
    rank: rankOf(layer),
    config: { useDora: magnitude !== undefined, loraBias: false },
    where,
  });
  return layer;
}

function scalar(raw: RawTensor, where: string): number {
  if (!isScalar(raw))
    throw new AdapterError({ where, expected: 'a scalar', received: `shape [${raw.shape.join(', ')}]` });
  return finiteValues(raw, where)[0]!;
}

/** Alphas by part and path, from the settings that newer files carry. */
function readSettings(
  metadata: Metadata,
  where: string,
): (part: string, path: string, rank: number) => number | undefined {
  const text = metadata[SETTINGS];
  if (text === undefined) return () => undefined;
  const settings = parseJsonObject(text, `${where}: metadata ${SETTINGS}`);
  return (part, path, rank) => {
    const own = (key: string): unknown => {
      const value = settings[`${part}.${key}`];
      return value === undefined ? undefined : plain(value);
    };
    const pattern = own('alpha_pattern');
    const special = isObject(pattern) ? patternLookup(pattern as never, 'alpha_pattern')(path) : undefined;
    const alpha = special ?? own('lora_alpha');
    if (typeof alpha !== 'number') return undefined;
    return own('use_rslora') === true ? alpha * Math.sqrt(rank) : alpha;
  };
}

/**
 * A file for diffusers: `<part>.<path>.lora_A.weight`.
 *
 * diffusers takes `alpha = rank` for granted where nothing is said, so the scaling goes into `lora_B` and any version reads it
 * right. Embeddings, whole modules, biases and trained tokens are reported.
 */
export function toDiffusers(adapters: PipelineAdapters): ToConversion {
  const where = 'toDiffusers';
  const ledger = new Ledger();
  const tensors = Object.create(null) as RawStateDict;
  for (const [part, adapter] of Object.entries(adapters)) {
    if (!PARTS.includes(part)) {
      throw new AdapterError({ where, expected: `a part among ${PARTS.join(', ')}`, received: quote(part) });
    }
    leaveExtras(adapter, ledger, 'diffusers');
    const scaling = scalings(adapter.config);
    for (const [path, { kind, a, b, magnitude }] of adapter.layers) {
      if (kind === 'embedding') {
        ledger.leave(path, 'diffusers stores no adapters of embeddings');
        continue;
      }
      const name = `${part}.${path}`;
      tensors[`${name}.lora_A.weight`] = a;
      tensors[`${name}.lora_B.weight`] = scaled(b, scaling(path), `${name}.lora_B.weight`);
      if (magnitude) tensors[`${name}.lora_magnitude_vector`] = magnitude;
      ledger.map(`${part}: ${path}`, name);
    }
  }
  return { tensors, metadata: { format: 'pt' }, report: ledger };
}
