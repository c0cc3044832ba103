import { Document } from 'yaml';
import {
  isList,
  isMapping,
  readBoolean,
  readEntries,
  readList,
  readMap,
  readScalar,
  readSetting,
  readText,
  readWhole,
  readYaml,
  refuse,
  type YamlNode,
} from '../recipe/internal/yaml-reader.js';
import { RecipeError } from '../recipe/recipe-error.js';
import type { EvolvedChoice, EvolvedNumber, SearchSpace } from './search-space.js';

/** What a file says of a search. */
export interface EvolutionConfig {
  /** The recipe, YAML text; or where it is. */
  readonly recipe: { readonly text: string } | { readonly path: string };
  readonly parameters: SearchSpace;
  readonly generations?: number;
  readonly population?: number;
  readonly sigma?: number;
}

/**
 * Reads what is to be evolved.
 *
 * ```yaml
 * recipe: ./recipe.yml # or the recipe itself; in it, $name stands for a value
 * parameters:
 *   chat: { low: 0, high: 1, start: 0.5 }
 *   layers: { low: 0, high: 1, count: 5 } # a gradient over the layers
 *   rate: { low: 0.001, high: 1, scale: log }
 *   cut: { choices: [[0, 8], [0, 12], [0, 16]] }
 * generations: 20
 * ```
 *
 * @param options.label - what to call the text in messages (default `evolution`)
 * @throws {RecipeError} with file, line and column; a misspelt key with the nearest there is
 */
export function parseEvolution(text: string, options: { readonly label?: string } = {}): EvolutionConfig {
  const { label = 'evolution' } = options;
  const [document, ...more] = readYaml(text, label);
  if (!document || more.length > 0) {
    throw new RecipeError({
      where: label,
      expected: 'one YAML document',
      received: document ? 'several' : 'none',
    });
  }
  const map = readMap(document, ['recipe', 'parameters', 'generations', 'population', 'sigma']);
  if (!map.recipe) throw refuse(document, 'a recipe', 'none');
  if (!map.parameters) throw refuse(document, 'parameters', 'none');
  const entries = [...readEntries(map.parameters)].map(
    ([name, { value }]) => [name, readEvolved(value)] as const,
  );
  return {
    recipe: isMapping(map.recipe)
      ? { text: new Document(map.recipe.node).toString() }
      : { path: readText(map.recipe) },
    parameters: Object.fromEntries(entries),
    generations: map.generations && readWhole(map.generations, 1),
    population: map.population && readWhole(map.population, 2),
    sigma: map.sigma && readNumber(map.sigma),
  };
}

function readEvolved(at: YamlNode): EvolvedNumber | EvolvedChoice {
  const map = readMap(at, ['low', 'high', 'start', 'scale', 'whole', 'count', 'choices']);
  if (map.choices) {
    const other = map.low ?? map.high ?? map.scale ?? map.whole ?? map.count;
    if (other) throw refuse(other, 'nothing but start beside choices');
    const choices = readList(map.choices).map((choice) =>
      isList(choice) ? readList(choice).map(readSetting) : readSetting(choice),
    );
    return { choices, start: map.start && readWhole(map.start) };
  }
  if (!map.low || !map.high) throw refuse(at, 'low and high, or choices', 'something else');
  const scale = map.scale && readText(map.scale);
  if (scale !== undefined && scale !== 'linear' && scale !== 'log') throw refuse(map.scale!, 'linear or log');
  return {
    low: readNumber(map.low),
    high: readNumber(map.high),
    start: map.start && readNumber(map.start),
    scale,
    whole: map.whole && readBoolean(map.whole),
    count: map.count && readWhole(map.count, 1),
  };
}

function readNumber(at: YamlNode): number {
  const value = readScalar(at);
  if (typeof value === 'number') return value;
  throw refuse(at, 'a number');
}
