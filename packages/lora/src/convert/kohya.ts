import { type RawStateDict, type RawTensor, toFloat32 } from '@weightloom/checkpoint';
import { AdapterError } from '../adapter-error.js';
import { type LoraLayer, rankOf, scalings } from '../format/lora-adapter.js';
import { checkLayer } from '../internal/check-layer.js';
import { listNames, nearest, quote, showShape } from '../internal/text.js';
import { finiteValues, reshaped, store } from '../internal/values.js';
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

/** Prefixes of sd-scripts, longest first, and the part of a diffusers pipeline each stands for. */
const PREFIXES = [
  ['lora_te1', 'text_encoder'],
  ['lora_te2', 'text_encoder_2'],
  ['lora_te3', 'text_encoder_3'],
  ['lora_te', 'text_encoder'],
  ['lora_unet', 'unet'],
  ['lora_transformer', 'transformer'],
  ['lora_prior_unet', 'prior'],
] as const;

const PARTS = ['lora_down.weight', 'lora_up.weight', 'alpha', 'dora_scale'] as const;
type Part = (typeof PARTS)[number];

export interface FromKohyaOptions {
  /**
   * Module paths of the base, by part of the pipeline: underscores in the file stand for dots and for underscores, so only the
   * base can tell which.
   */
  readonly modules: Readonly<Record<string, Iterable<string>>>;
}

/**
 * PEFT adapters from a file of kohya's sd-scripts: `<prefix>_<path>.lora_down.weight`, `.lora_up.weight`, `.alpha` (missing: the
 * rank) and `.dora_scale`, scaled by `alpha / rank`.
 *
 * @throws {AdapterError} for LoHa, LoKr and other methods by name, for half a layer, and when nothing maps
 */
export function fromKohya(tensors: RawStateDict, options: FromKohyaOptions): FromConversion {
  const where = 'fromKohya';
  const ledger = new Ledger();
  const groups = groupParts(tensors, ledger, where);
  const paths = new Map(
    Object.entries(options.modules).map(([part, names]) => [part, byUnderscores(part, names, where)]),
  );
  const found = new Map<string, FoundLayer[]>();
  for (const [name, parts] of groups) {
    const leave = (reason: string): void => {
      for (const part of parts.keys()) ledger.leave(`${name}.${part}`, reason);
    };
    const [prefix, pipelinePart] = PREFIXES.find(([prefix]) => name.startsWith(`${prefix}_`)) ?? [];
    if (prefix === undefined) {
      leave(`no known prefix (${PREFIXES.map(([known]) => known).join(', ')})`);
      continue;
    }
    const own = paths.get(pipelinePart!);
    const path = own?.get(name.slice(prefix.length + 1));
    if (path === undefined) {
      const near = own ? nearest(name.slice(prefix.length + 1), [...own.keys()], 1) : [];
      leave(
        own
          ? `${pipelinePart} has no such module; the nearest is ${listNames(near)}`
          : `the modules of ${pipelinePart} are not given`,
      );
      continue;
    }
    const layer = layerOf(name, parts, where);
    if (typeof layer === 'string') {
      leave(layer);
      continue;
    }
    const list = found.get(pipelinePart!) ?? [];
    found.set(pipelinePart!, [...list, { path, ...layer }]);
    for (const part of parts.keys()) ledger.map(`${name}.${part}`, `${pipelinePart}: ${path}`);
  }
  if (found.size === 0) {
    const received = ledger.left[0]
      ? `${quote(ledger.left[0].name)} (${ledger.left[0].reason})`
      : 'an empty file';
    throw new AdapterError({ where, expected: 'at least one module of the base', received });
  }
  const adapters = Object.fromEntries(
    [...found].map(([part, layers]) => [part, adapterOf(layers, `${where}: ${part}`)]),
  );
  return { adapters, report: ledger };
}

function groupParts(tensors: RawStateDict, ledger: Ledger, where: string): Map<string, Map<Part, RawTensor>> {
  const groups = new Map<string, Map<Part, RawTensor>>();
  for (const [name, tensor] of Object.entries(tensors)) {
    const other = /\.(hada_w\w+|hada_t\w+|lokr_\w+|oft_\w+|a1\.weight|lora_mid\.weight)$/.exec(name);
    if (other) {
      throw new AdapterError({
        where,
        expected: 'lora_down, lora_up, alpha and dora_scale',
        received: `${quote(name)}, of another method (${other[1]!.split(/[_.]/)[0]})`,
        cure: 'merge it with the program that made it, then extract a LoRA adapter',
      });
    }
    const part = PARTS.find((part) => name.endsWith(`.${part}`));
    if (!part) {
      ledger.leave(name, 'not a part of a LoRA layer');
      continue;
    }
    const base = name.slice(0, -part.length - 1);
    const group = groups.get(base) ?? new Map<Part, RawTensor>();
    groups.set(base, group.set(part, tensor));
  }
  return groups;
}

function byUnderscores(part: string, names: Iterable<string>, where: string): Map<string, string> {
  const map = new Map<string, string>();
  for (const path of names) {
    const flat = path.replaceAll('.', '_');
    const other = map.get(flat);
    if (other !== undefined && other !== path) {
      const received = `${quote(other)} and ${quote(path)}`;
      throw new AdapterError({
        where: `${where}: modules.${part}`,
        expected: 'names that differ in more than dots',
        received,
      });
    }
    map.set(flat, path);
  }
  return map;
}

function layerOf(
  name: string,
  parts: Map<Part, RawTensor>,
  where: string,
): Omit<FoundLayer, 'path'> | string {
  const [a, b] = [parts.get('lora_down.weight'), parts.get('lora_up.weight')];
  if (!a || !b) {
    const expected = 'lora_down.weight and lora_up.weight';
    throw new AdapterError({
      where: `${where}: ${quote(name)}`,
      expected,
      received: [...parts.keys()].join(', '),
    });
  }
  const [alpha, scale] = [parts.get('alpha'), parts.get('dora_scale')];
  if (alpha && !isScalar(alpha)) {
    throw new AdapterError({
      where: `${where}: ${quote(name)}.alpha`,
      expected: 'a scalar',
      received: showShape(alpha.shape),
    });
  }
  const out = b.shape[0]!;
  if (scale && scale.shape[0] !== out)
    return 'its dora_scale is over inputs; PEFT has magnitudes over outputs only';
  const conv = a.shape.length > 2;
  const magnitude = scale && reshaped(scale, conv ? [1, out, ...a.shape.slice(2).map(() => 1)] : [out]);
  const layer: LoraLayer = { kind: conv ? 'conv' : 'linear', a, b, magnitude };
  const rank = rankOf(layer);
  checkLayer(layer, {
    rank,
    config: { useDora: scale !== undefined, loraBias: false },
    where: `${where}: ${quote(name)}`,
  });
  return { layer, alpha: alpha ? finiteValues(alpha, `${where}: ${quote(name)}.alpha`)[0]! : rank };
}

/**
 * A file for kohya's sd-scripts, and for programs that read its files.
 *
 * `alpha` is stored as `scaling · rank`, so rank-stabilised scaling and patterns survive. Embeddings, whole modules, biases and
 * trained tokens have no place there and are reported.
 *
 * @throws {AdapterError} for a part of a pipeline without a prefix in sd-scripts
 */
export function toKohya(adapters: PipelineAdapters): ToConversion {
  const where = 'toKohya';
  const ledger = new Ledger();
  const tensors = Object.create(null) as RawStateDict;
  const two = Object.hasOwn(adapters, 'text_encoder_2');
  let [dim, netAlpha] = [0, 0];
  for (const [part, adapter] of Object.entries(adapters)) {
    const known = PREFIXES.filter(
      ([prefix, own]) => own === part && (prefix === 'lora_te1') === (two && part === 'text_encoder'),
    );
    const prefix = known[0]?.[0];
    if (prefix === undefined) {
      const expected = `a part among ${[...new Set(PREFIXES.map(([, own]) => own))].join(', ')}`;
      throw new AdapterError({ where, expected, received: quote(part) });
    }
    leaveExtras(adapter, ledger, 'sd-scripts');
    const scaling = scalings(adapter.config);
    for (const [path, { kind, a, b, magnitude }] of adapter.layers) {
      if (kind === 'embedding') {
        ledger.leave(path, 'sd-scripts stores no adapters of embeddings');
        continue;
      }
      const name = `${prefix}_${path.replaceAll('.', '_')}`;
      if (Object.hasOwn(tensors, `${name}.alpha`)) {
        const expected = 'module names that differ in more than dots';
        throw new AdapterError({
          where,
          expected,
          received: `${quote(path)}, stored as ${quote(name)} like another`,
        });
      }
      const alpha = scaling(path) * a.shape[0]!;
      [dim, netAlpha] = [Math.max(dim, a.shape[0]!), Math.max(netAlpha, alpha)];
      tensors[`${name}.lora_down.weight`] = a;
      tensors[`${name}.lora_up.weight`] = b;
      tensors[`${name}.alpha`] = alphaTensor(alpha, a);
      if (magnitude)
        tensors[`${name}.dora_scale`] = reshaped(magnitude, [b.shape[0]!, ...a.shape.slice(1).map(() => 1)]);
      ledger.map(`${part}: ${path}`, name);
    }
  }
  const metadata = {
    format: 'pt',
    ss_network_module: 'networks.lora',
    ss_network_dim: String(dim),
    ss_network_alpha: String(netAlpha),
  };
  return { tensors, metadata, report: ledger };
}

/** In the dtype of the factors where it holds the number, as sd-scripts does, else in float32. */
function alphaTensor(alpha: number, { dtype }: RawTensor): RawTensor {
  const values = Float32Array.of(alpha);
  const own = store(values, [], 'alpha', dtype);
  return toFloat32(own, { allowLoss: true })[0] === values[0] ? own : store(values, [], 'alpha');
}
