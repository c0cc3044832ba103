import type { Dtype } from '@weightloom/checkpoint';
import { suggest } from '../internal/suggest.js';
import { readModelReference, readParameters, readTokenizer } from './internal/read-parts.js';
import {
  isEmpty,
  readEntries,
  readList,
  readMap,
  readText,
  readWhole,
  readYaml,
  refuse,
  type YamlNode,
} from './internal/yaml-reader.js';
import type { Recipe, RecipeBody, RecipeInput, RecipeModule, RecipeSlice, SliceSource } from './recipe.js';
import { recipeMethods } from './recipe-methods.js';
import { RecipeError } from './recipe-error.js';

export interface ParseRecipeOptions {
  /** What to call the text in messages (default `recipe`). */
  readonly label?: string;
}

const topKeys = [
  'merge_method',
  'models',
  'slices',
  'modules',
  'base_model',
  'parameters',
  'dtype',
  'out_dtype',
  'tokenizer_source',
  'tokenizer',
  'chat_template',
  'name',
] as const;

/**
 * Reads a recipe in the YAML form of mergekit, checked for form: keys, kinds, ranges.
 *
 * @param text - one document, or several, each with a `name` that later ones may use as a model
 * @returns one recipe per document
 * @throws {RecipeError} with file, line and column; a misspelt key with the nearest there is
 */
export function parseRecipe(text: string, options: ParseRecipeOptions = {}): Recipe[] {
  const { label = 'recipe' } = options;
  const documents = readYaml(text, label).filter((document) => !isEmpty(document));
  if (documents.length === 0) {
    throw new RecipeError({ where: label, expected: 'a recipe', received: 'an empty file' });
  }
  const recipes = documents.map((document) => readRecipe(document, text));
  if (recipes.length > 1) checkNames(documents, recipes);
  return recipes;
}

function readRecipe(at: YamlNode, text: string): Recipe {
  const map = readMap(at, topKeys);
  if (!map.merge_method) throw refuse(at, 'a merge_method', 'none');
  const method = readText(map.merge_method);
  if (!Object.hasOwn(recipeMethods, method)) {
    const known = Object.keys(recipeMethods);
    throw refuse(map.merge_method, 'a known merge_method', JSON.stringify(method), suggest(method, known));
  }
  const tokenizer = map.tokenizer_source ?? map.tokenizer;
  if (map.tokenizer_source && map.tokenizer) {
    throw refuse(map.tokenizer, 'either tokenizer or tokenizer_source', 'both');
  }
  const text0 = at.node?.range ? text.slice(at.node.range[0], at.node.range[2]) : text;
  return {
    name: map.name && readText(map.name),
    method,
    base: map.base_model && readModelReference(map.base_model),
    body: readBody(at, map),
    parameters: readParameters(map.parameters),
    dtype: map.dtype && readDtype(map.dtype),
    outDtype: map.out_dtype && readDtype(map.out_dtype),
    tokenizer: tokenizer && readTokenizer(tokenizer),
    chatTemplate: map.chat_template && readText(map.chat_template),
    where: at.where,
    source: text0,
  };
}

type BodyNodes = { readonly models?: YamlNode; readonly slices?: YamlNode; readonly modules?: YamlNode };

function readBody(at: YamlNode, nodes: BodyNodes): Recipe['body'] {
  const given = (['models', 'slices', 'modules'] as const).filter((key) => nodes[key] !== undefined);
  if (given.length !== 1) {
    throw refuse(at, 'exactly one of models, slices, modules', given.join(' and ') || 'none of them');
  }
  if (!nodes.modules) return readSimpleBody(nodes);
  const modules: RecipeModule[] = [];
  for (const [name, { value }] of readEntries(nodes.modules)) {
    const map = readMap(value, ['models', 'slices', 'parameters']);
    if (Number(map.models !== undefined) + Number(map.slices !== undefined) !== 1) {
      throw refuse(value, 'exactly one of models and slices', map.models ? 'both' : 'neither');
    }
    modules.push({
      name,
      body: readSimpleBody(map),
      parameters: readParameters(map.parameters),
      where: value.where,
    });
  }
  if (modules.length === 0) throw refuse(nodes.modules, 'at least one module', 'none');
  return { kind: 'modules', modules };
}

function readSimpleBody({ models, slices }: BodyNodes): RecipeBody {
  if (models) {
    const inputs = readList(models).map(readInput);
    if (inputs.length === 0) throw refuse(models, 'at least one model', 'an empty list');
    return { kind: 'models', models: inputs };
  }
  const list = readList(slices!).map(readSlice);
  if (list.length === 0) throw refuse(slices!, 'at least one slice', 'an empty list');
  return { kind: 'slices', slices: list };
}

function readInput(at: YamlNode): RecipeInput {
  const map = readMap(at, ['model', 'parameters']);
  if (!map.model) throw refuse(at, 'a model', 'none');
  return {
    model: readModelReference(map.model),
    parameters: readParameters(map.parameters),
    where: at.where,
  };
}

function readSlice(at: YamlNode): RecipeSlice {
  const map = readMap(at, ['sources', 'base_model', 'parameters', 'residual_weight']);
  if (!map.sources) throw refuse(at, 'sources', 'none');
  const sources = readList(map.sources).map(readSliceSource);
  const [first] = sources;
  if (!first) throw refuse(map.sources, 'at least one source', 'an empty list');
  const length = ({ layerRange: [start, end] }: SliceSource) => end - start;
  const other = sources.find((source) => length(source) !== length(first));
  if (other) {
    throw new RecipeError({
      where: other.where,
      expected: `as many layers as the first source of the slice, ${length(first)}`,
      received: String(length(other)),
    });
  }
  return {
    sources,
    base: map.base_model && readModelReference(map.base_model),
    parameters: readParameters(map.parameters),
    where: at.where,
  };
}

function readSliceSource(at: YamlNode): SliceSource {
  const map = readMap(at, ['model', 'layer_range', 'parameters']);
  if (!map.model) throw refuse(at, 'a model', 'none');
  if (!map.layer_range) throw refuse(at, 'a layer_range', 'none');
  const range = readList(map.layer_range).map((item) => readWhole(item));
  const [start, end] = range;
  if (range.length !== 2 || !(start! < end!)) {
    throw refuse(map.layer_range, 'two whole numbers [start, end) with start < end', `[${range.join(', ')}]`);
  }
  return {
    model: readModelReference(map.model),
    parameters: readParameters(map.parameters),
    layerRange: [start!, end!],
    where: at.where,
  };
}

const dtypeNames: Record<string, Dtype> = {
  bfloat16: 'BF16',
  float16: 'F16',
  float32: 'F32',
};

function readDtype(at: YamlNode): Dtype {
  const text = readText(at);
  const dtype = dtypeNames[text.replace(/^torch\./, '')];
  if (dtype) return dtype;
  const cure = text.endsWith('int64') ? 'whole numbers are copied, never merged' : undefined;
  throw refuse(at, `one of ${Object.keys(dtypeNames).join(', ')}`, JSON.stringify(text), cure);
}

function checkNames(documents: readonly YamlNode[], recipes: readonly Recipe[]): void {
  const seen = new Set<string>();
  recipes.forEach(({ name }, i) => {
    if (name === undefined) {
      // The last one is the result; it needs no name.
      if (i < recipes.length - 1) throw refuse(documents[i]!, 'a name, for others to use it by', 'none');
      return;
    }
    if (seen.has(name)) throw refuse(documents[i]!, 'a name of its own', `${JSON.stringify(name)} again`);
    seen.add(name);
  });
}
