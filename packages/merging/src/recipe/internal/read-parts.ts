import type { FilteredValue, ParameterValue, ScalarOrGradient } from '../parameter-value.js';
import { suggest } from '../../internal/suggest.js';
import { parseModelReference } from '../parse-model-reference.js';
import { ignoredParameters, knownParameters } from '../recipe-methods.js';
import type { ModelReference, RecipeParameters, RecipeTokenizer, TokenSource } from '../recipe.js';
import {
  describe,
  isList,
  isMapping,
  readBoolean,
  readEntries,
  readList,
  readMap,
  readSetting,
  readText,
  readWhole,
  refuse,
  type YamlNode,
} from './yaml-reader.js';

/** `path@revision+adapter@revision`, or the same as a mapping. */
export function readModelReference(at: YamlNode): ModelReference {
  if (!isMapping(at)) {
    const reference = parseModelReference(readText(at));
    if (reference) return reference;
    throw refuse(at, 'a model as path[@revision][+adapter[@revision]]');
  }
  const map = readMap(at, ['model', 'lora', 'override_architecture']);
  if (!map.model) throw refuse(at, 'a model', 'none');
  return {
    ...readPart(map.model),
    adapter: map.lora && readPart(map.lora),
    architecture: map.override_architecture && readText(map.override_architecture),
  };
}

function readPart(at: YamlNode): { path: string; revision?: string } {
  if (isMapping(at)) {
    const map = readMap(at, ['path', 'revision']);
    if (!map.path) throw refuse(at, 'a path', 'none');
    return { path: readText(map.path), revision: map.revision && readText(map.revision) };
  }
  const reference = parseModelReference(readText(at));
  if (!reference || reference.adapter) throw refuse(at, 'path[@revision]');
  return reference;
}

/** A mapping from parameter names to values. */
export function readParameters(at: YamlNode | undefined): RecipeParameters {
  const out = new Map<string, ParameterValue>();
  if (!at) return out;
  for (const [name, { key, value }] of readEntries(at)) {
    if (!knownParameters.has(name) && !ignoredParameters.has(name)) {
      throw refuse(
        key,
        'a parameter of some method',
        JSON.stringify(name),
        suggest(name, [...knownParameters]),
      );
    }
    out.set(name, readParameter(value));
  }
  return out;
}

function readParameter(at: YamlNode): ParameterValue {
  if (isMapping(at)) return { kind: 'filtered', values: [readFiltered(at)] };
  if (!isList(at)) return { kind: 'plain', value: readSetting(at) };
  const items = readList(at);
  if (items.length === 0) throw refuse(at, 'at least one value', 'an empty list');
  if (!items.some(isMapping)) return { kind: 'plain', value: items.map(readSetting) };
  const plain = items.find((item) => !isMapping(item));
  if (plain) throw refuse(plain, 'a mapping with filter and value, as the others', describe(plain));
  return { kind: 'filtered', values: items.map(readFiltered) };
}

function readFiltered(at: YamlNode): FilteredValue {
  const map = readMap(at, ['filter', 'value']);
  if (!map.value) throw refuse(at, 'a value', 'none');
  return { filter: map.filter && readText(map.filter), value: readScalarOrGradient(map.value) };
}

function readScalarOrGradient(at: YamlNode): ScalarOrGradient {
  if (!isList(at)) return readSetting(at);
  const list = readList(at).map(readSetting);
  if (list.length === 0) throw refuse(at, 'at least one value', 'an empty list');
  return list;
}

/** `tokenizer_source: …`, or `tokenizer: { source, tokens, pad_to_multiple_of }`. */
export function readTokenizer(at: YamlNode): RecipeTokenizer {
  if (!isMapping(at) || readEntries(at).has('model')) {
    return { source: readTokenizerSource(at), tokens: new Map() };
  }
  const map = readMap(at, ['source', 'tokens', 'pad_to_multiple_of']);
  const tokens = new Map<string, { source?: TokenSource; force: boolean; where: string }>();
  for (const [token, { value }] of map.tokens ? readEntries(map.tokens) : []) {
    const entry = readMap(value, ['source', 'force']);
    const source = entry.source && readTokenSource(entry.source);
    tokens.set(token, { source, force: entry.force ? readBoolean(entry.force) : false, where: value.where });
  }
  return {
    source: map.source ? readTokenizerSource(map.source) : 'union',
    tokens,
    padToMultipleOf: map.pad_to_multiple_of && readWhole(map.pad_to_multiple_of, 1),
  };
}

function readTokenizerSource(at: YamlNode): RecipeTokenizer['source'] {
  if (!isMapping(at)) {
    const text = readText(at);
    if (text === 'union' || text === 'base') return text;
    const reference = text.startsWith('model:') ? parseModelReference(text.slice(6)) : undefined;
    if (reference) return reference;
  }
  return readModelReference(at);
}

function readTokenSource(at: YamlNode): TokenSource {
  if (!isMapping(at) || !readEntries(at).has('kind')) return { kind: 'model', model: readModelReference(at) };
  const map = readMap(at, ['kind', 'model', 'token', 'token_id']);
  const kind = readText(map.kind!);
  if (kind === 'zero') return { kind };
  if (kind !== 'model_token') throw refuse(map.kind!, '"zero" or "model_token"');
  if (!map.model) throw refuse(at, 'a model', 'none');
  if ((map.token === undefined) === (map.token_id === undefined)) {
    throw refuse(at, 'either token or token_id', map.token ? 'both' : 'neither');
  }
  return {
    kind,
    model: readModelReference(map.model),
    token: map.token && readText(map.token),
    tokenId: map.token_id && readWhole(map.token_id),
  };
}
