import type { LongWorkOptions } from '@weightloom/nn';
import { foldIn, generator, type Key } from '@weightloom/tensor-gpu';
import { checkCount } from '../internal/check-number.js';
import { cmaEs, type CmaEsState } from './cma-es.js';
import {
  checkSearchSpace,
  dimensionOf,
  type EvolvedValues,
  type SearchSpace,
  startOf,
  valuesAt,
} from './search-space.js';

/** Values that have been tried, and how good they were. */
export interface Evaluated {
  /** The generation they belong to, from 1; 0 is the start of the search. */
  readonly generation: number;
  /** Their place in it, from 0. */
  readonly index: number;
  readonly values: EvolvedValues;
  readonly score: number;
}

/** Everything a search knows: plain data, ready for JSON. */
export interface EvolutionState {
  /** Of CMA-ES; `null` for random search. */
  readonly strategy: CmaEsState | null;
  /** All that was tried, the start first, generation by generation. */
  readonly evaluated: readonly Evaluated[];
}

export interface EvolveOptions extends LongWorkOptions {
  /** What is searched for. */
  readonly parameters: SearchSpace;
  /** How good values are; higher is better, `-Infinity` for those that cannot be. */
  readonly evaluate: (
    values: EvolvedValues,
    place: { readonly generation: number; readonly index: number },
  ) => number | Promise<number>;
  /** Decides all draws; the same key gives the same candidates. */
  readonly key: Key;
  /** Generations (default 20). */
  readonly generations?: number;
  /** Candidates of a generation (default `4 + ⌊3 ln n⌋` for n numbers). */
  readonly population?: number;
  /** The first standard deviation, as a share of each parameter's range (default 0.3). */
  readonly sigma?: number;
  /** CMA-ES (default), or as many candidates drawn evenly, to compare with. */
  readonly method?: 'cma-es' | 'random';
  /** Where an earlier search with the same options has come to; this one goes on to the same result. */
  readonly state?: EvolutionState;
  /** Called after each generation. */
  readonly onGeneration?: (state: EvolutionState) => void | Promise<void>;
}

export interface Evolution {
  /** The best that was tried; of equal scores the first. Never worse than the start. */
  readonly best: Evaluated;
  /** What the search started from, evaluated first. */
  readonly start: Evaluated;
  readonly state: EvolutionState;
}

/**
 * Searches for the parameters with the highest score by CMA-ES; the start is tried first.
 *
 * Every number is mapped to [0, 1] (by its logarithm with `scale: 'log'`), choices and whole numbers to equal parts of it. Candidates
 * beyond a bound are reflected into it.
 *
 * @throws {RangeError} for parameters or options out of range, or a score that is NaN, naming the candidate
 * @see Akiba et al. 2024, "Evolutionary Optimization of Model Merging Recipes", arXiv:2403.13187
 */
export async function evolve(options: EvolveOptions): Promise<Evolution> {
  const where = 'evolve';
  const { parameters, evaluate, key, generations = 20, sigma = 0.3, method = 'cma-es' } = options;
  const { signal, onProgress, onGeneration } = options;
  checkSearchSpace(where, parameters);
  checkCount(where, 'generations', generations);
  if (method !== 'cma-es' && method !== 'random') {
    throw new RangeError(`${where}: expected method to be cma-es or random, received ${String(method)}`);
  }
  const start = startOf(parameters);
  const search = cmaEs({ start, sigma, population: options.population });
  const total = 1 + generations * search.population;
  const evaluated = [...(options.state?.evaluated ?? [])];
  const attempt = async (point: readonly number[], generation: number, index: number): Promise<Evaluated> => {
    signal?.throwIfAborted();
    const values = valuesAt(parameters, point);
    const score = await evaluate(values, { generation, index });
    if (typeof score !== 'number' || Number.isNaN(score)) {
      throw new RangeError(
        `${where}: expected a number as the score of ${JSON.stringify(values)}, received ${String(score)}`,
      );
    }
    const tried = { generation, index, values, score };
    evaluated.push(tried);
    const label = `generation ${generation}: best ${bestOf(evaluated).score.toPrecision(5)}`;
    onProgress?.({ done: evaluated.length, total, label });
    return tried;
  };

  let strategy = options.state?.strategy ?? (method === 'cma-es' ? search.init() : null);
  let done = options.state ? evaluated.at(-1)!.generation : 0;
  if (!options.state) {
    await attempt(start, 0, 0);
    await onGeneration?.({ strategy, evaluated: [...evaluated] });
  }
  while (done < generations) {
    const points = strategy
      ? search.ask(strategy, key)
      : evenPoints(foldIn(key, done), search.population, dimensionOf(parameters));
    const values: number[] = [];
    for (const [i, point] of points.entries()) values.push(-(await attempt(point, done + 1, i)).score);
    if (strategy) strategy = search.tell(strategy, points, values);
    done++;
    await onGeneration?.({ strategy, evaluated: [...evaluated] });
  }
  return { best: bestOf(evaluated), start: evaluated[0]!, state: { strategy, evaluated } };
}

function evenPoints(key: Key, count: number, dimension: number): number[][] {
  const draw = generator(key);
  return Array.from({ length: count }, () => Array.from({ length: dimension }, () => draw.uniform()));
}

/** The first of those with the highest score. */
export const bestOf = (evaluated: readonly Evaluated[]): Evaluated =>
  evaluated.reduce((best, one) => (one.score > best.score ? one : best));
