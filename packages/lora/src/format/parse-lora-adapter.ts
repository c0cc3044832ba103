import type { RawStateDict, RawTensor } from '@weightloom/checkpoint';
import { AdapterError } from '../adapter-error.js';
import { checkLayer } from '../internal/check-layer.js';
import { editDistance, listNames, nearest, quote } from '../internal/text.js';
import type { LoraAdapter, LoraLayer } from './lora-adapter.js';
import type { LoraConfig } from './lora-config.js';
import { moduleMatcher, patternLookup } from './match-modules.js';
import { parseLoraConfig } from './parse-lora-config.js';

/** The two files of an adapter, read. */
export interface AdapterFiles {
  /** The text of `adapter_config.json`. */
  readonly config: string;
  /** The tensors of `adapter_model.safetensors`. */
  readonly tensors: RawStateDict;
  /** What to call the adapter in messages (default `"adapter"`). */
  readonly where?: string;
}

export const PREFIX = 'base_model.model.';

type Part = 'a' | 'b' | 'bias' | 'magnitude';
type Place = {
  readonly path: string;
  readonly part: Part;
  readonly kind?: 'embedding';
  readonly name?: string;
};

/**
 * Sorts the tensors of a PEFT LoRA adapter by module and checks that they fit its configuration and one another.
 *
 * Names without `base_model.model.` and names with the adapter's own name inside (`lora_A.default.weight`) are accepted and
 * mentioned in `warnings`.
 *
 * @throws {AdapterError} for configurations as `parseLoraConfig`; for factors that are missing, that do not fit, whose rank is
 *   not the configured one, or whose module is not a target; and for tensors of methods other than LoRA
 */
export function parseLoraAdapter({ config: text, tensors, where = 'adapter' }: AdapterFiles): LoraAdapter {
  const { config, warnings } = parseLoraConfig(text, `${where}: adapter_config.json`);
  const parts = new Map<string, { kind?: 'embedding' } & { -readonly [P in Part]?: RawTensor }>();
  const saved = new Map<string, RawTensor>();
  const tokens = new Map<string, RawTensor>();
  const bare: string[] = [];
  const named: string[] = [];
  const unexpected: string[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    if (!name.startsWith(PREFIX)) bare.push(name);
    const inModel = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
    const rows = /^(.*)\.token_adapter\.trainable_tokens_delta$/.exec(inModel);
    const place = rows ? undefined : placeOf(inModel);
    if (place?.name !== undefined) named.push(name);
    if (rows) tokens.set(rows[1]!, tensor);
    else if (place) addPart(place, tensor);
    else if (/(^|\.)lora_\w+(\.|$)/.test(inModel.split('.').slice(-3).join('.'))) unexpected.push(inModel);
    else saved.set(inModel, tensor);
  }
  const layers = new Map<string, LoraLayer>();
  const missing: string[] = [];
  for (const [path, { kind, a, b, bias, magnitude }] of parts) {
    if (!a) missing.push(`${path}.${kind ? 'lora_embedding_A' : 'lora_A.weight'}`);
    if (!b) missing.push(`${path}.${kind ? 'lora_embedding_B' : 'lora_B.weight'}`);
    if (!a || !b) continue;
    const isConv = kind === undefined && a.shape.length > 2;
    layers.set(path, { kind: kind ?? (isConv ? 'conv' : 'linear'), a, b, bias, magnitude });
  }
  if (missing.length + unexpected.length > 0)
    refuseNames(missing, unexpected, [...unexpected, ...saved.keys()], where);
  checkAgainstConfig(layers, config, where);
  checkTokens(tokens, config, where);
  const notes = [...warnings];
  if (bare.length > 0)
    notes.push(`${where}: ${bare.length} names lack "${PREFIX}", such as ${quote(bare[0]!)}`);
  if (named.length > 0)
    notes.push(`${where}: ${named.length} names hold the adapter's own name, such as ${quote(named[0]!)}`);
  return { config, layers, saved, tokens, warnings: notes };

  function addPart({ path, part, kind }: Place, tensor: RawTensor): void {
    const own = parts.get(path) ?? { kind };
    if (
      own[part] !== undefined ||
      (own.kind !== kind && (part === 'a' || part === 'b') && (own.a || own.b))
    ) {
      throw new AdapterError({
        where: `${where}: ${quote(path)}`,
        expected: 'each factor once',
        received: 'it twice',
      });
    }
    own[part] = tensor;
    own.kind ??= kind;
    parts.set(path, own);
  }
}

/** How many names a refusal lists. */
const LISTED = 100;

/** One error for all names that are not as they should be, with what to rename where a name is only misspelt. */
function refuseNames(
  missing: readonly string[],
  unexpected: readonly string[],
  candidates: readonly string[],
  where: string,
): never {
  const parts = [
    ...(missing.length > 0 ? [`no ${listNames(missing, LISTED)}`] : []),
    ...(unexpected.length > 0 ? [`unexpected ${listNames(unexpected, LISTED)}`] : []),
  ];
  const renames = missing.flatMap((name) => {
    const module = name.slice(0, name.lastIndexOf('.lora_') + 1);
    const own = candidates.filter((candidate) => candidate.startsWith(module));
    const [near] = nearest(name, own, 1);
    return near !== undefined && editDistance(name, near) <= 6 ? [`${quote(near)} to ${quote(name)}`] : [];
  });
  throw new AdapterError({
    where,
    expected: 'lora_A and lora_B (lora_embedding_A and lora_embedding_B) of each module, and tensors of LoRA',
    received: parts.join('; '),
    cure: renames.length > 0 ? `rename ${renames.slice(0, LISTED).join(', ')}` : undefined,
  });
}

/** Where a tensor belongs by the last segments of its name: a module may itself be called `lora_A` or `weight`. */
function placeOf(name: string): Place | undefined {
  let found = /^(.*)\.lora_(A|B)(?:\.([^.]+))?\.(weight|bias)$/.exec(name);
  if (found) {
    const [, path, factor, own, kind] = found as unknown as [
      string,
      string,
      string,
      string | undefined,
      string,
    ];
    if (kind === 'bias') return factor === 'B' ? { path, part: 'bias', name: own } : undefined;
    return { path, part: factor === 'A' ? 'a' : 'b', name: own };
  }
  found = /^(.*)\.lora_embedding_(A|B)(?:\.([^.]+))?$/.exec(name);
  if (found)
    return { path: found[1]!, part: found[2] === 'A' ? 'a' : 'b', kind: 'embedding', name: found[3] };
  found = /^(.*)\.lora_magnitude_vector(?:\.((?!weight$)[^.]+))?(?:\.weight)?$/.exec(name);
  return found ? { path: found[1]!, part: 'magnitude', name: found[2] } : undefined;
}

function checkAgainstConfig(layers: ReadonlyMap<string, LoraLayer>, config: LoraConfig, where: string): void {
  const matches = moduleMatcher(config);
  const rank = patternLookup(config.rankPattern, 'rank_pattern');
  const unexpected: string[] = [];
  for (const [path, layer] of layers) {
    checkLayer(layer, { rank: rank(path) ?? config.r, config, where: `${where}: ${quote(path)}` });
    if (!matches({ path, kind: layer.kind })) unexpected.push(path);
  }
  if (unexpected.length > 0) {
    throw new AdapterError({
      where,
      expected: 'factors of target modules only',
      received: `${listNames(unexpected)}, which target_modules ${JSON.stringify(config.targetModules)?.slice(0, 200)} does not name`,
      cure: 'add them to target_modules or rename them',
    });
  }
  if (layers.size === 0 && config.targetModules !== null) {
    throw new AdapterError({ where, expected: 'lora_A and lora_B of at least one module', received: 'none' });
  }
}

/** Which rows of which module `trainableTokenIndices` names. */
export function tokenIndices(config: LoraConfig): ReadonlyMap<string, readonly number[]> {
  const indices = config.trainableTokenIndices;
  if (indices === null) return new Map();
  return new Map(Array.isArray(indices) ? [['embed_tokens', indices]] : Object.entries(indices));
}

/** The rows a module's tokens replace. */
export function indicesFor(config: LoraConfig, path: string): readonly number[] | undefined {
  const own = [...tokenIndices(config)].find(([name]) => path === name || path.endsWith(`.${name}`));
  return own?.[1];
}

function checkTokens(tokens: ReadonlyMap<string, RawTensor>, config: LoraConfig, where: string): void {
  for (const [path, { shape }] of tokens) {
    const indices = indicesFor(config, path);
    if (shape.length === 2 && indices?.length === shape[0]) continue;
    throw new AdapterError({
      where: `${where}: ${quote(path)}`,
      expected: indices
        ? `trained tokens of shape [${indices.length}, dim]`
        : 'trainable_token_indices for it',
      received: indices ? `[${shape.join(', ')}]` : 'none',
    });
  }
}
