import { blockRandom, type ChunkedMethod, type StateDict } from '@weightloom/state-dict';
import { foldIn } from '@weightloom/tensor-gpu';
import { checkChoice, checkNumber, isDensity, perModel } from './internal/check-number.js';
import { checkWeights } from './internal/check-weights.js';
import { mergeOntoBase } from './internal/merge-onto-base.js';
import type { RandomOptions, TaskVectorOptions } from './internal/options.js';
import { keepL1 } from './internal/rescale.js';
import type { Sparsifier } from './internal/sparsifier.js';
import { taskVectorMethod } from './internal/task-vector-method.js';

export interface DareOptions extends TaskVectorOptions, RandomOptions {
  /** Probability with which a change is kept, in (0, 1]: one number, or one per model (default 1). */
  readonly density?: number | readonly number[];
  /**
   * What kept changes are multiplied by:
   * - `'density'` (default): `1 / density`, as in the paper, which keeps the expectation;
   * - `'l1'`: the factor that keeps `Σ |d|` of the tensor, as mergekit does;
   * - `'none'`: nothing.
   */
  readonly rescale?: 'density' | 'l1' | 'none';
}

/**
 * DARE with a plain sum: drops changes at random, scales up the rest, and adds them to the base.
 *
 * `out = w₀ + λ Σ aᵢ mᵢ dᵢ / density`, `mᵢ ~ Bernoulli(density)`, `dᵢ = wᵢ - w₀`; divided by `Σ aᵢ` when `normalize` is
 * set (default `false`).
 *
 * @param base - `w₀`, the model that the others were fine-tuned from
 * @param models - at least one; names, shapes and dtypes of the base
 * @throws {RangeError} without models or key, for a density outside (0, 1], weights that are not finite
 * @see Yu et al. 2024, "Language Models are Super Mario: Absorbing Abilities from Homologous Models as a Free Lunch",
 *   arXiv:2311.03099
 */
export async function dareLinear(
  base: StateDict,
  models: readonly StateDict[],
  options: DareOptions,
): Promise<StateDict> {
  return mergeOntoBase(dareLinearMethod(models.length, options), base, models);
}

/**
 * DARE with the sign vote of TIES: as {@link dareLinear}, but of the thinned-out changes only those count whose sign is
 * that of their weighted sum (`+` where it is 0).
 */
export async function dareTies(
  base: StateDict,
  models: readonly StateDict[],
  options: DareOptions,
): Promise<StateDict> {
  return mergeOntoBase(dareTiesMethod(models.length, options), base, models);
}

export const dareLinearMethod = (count: number, options: DareOptions): ChunkedMethod =>
  dareMethod('dareLinear', 'none', count, options);

export const dareTiesMethod = (count: number, options: DareOptions): ChunkedMethod =>
  dareMethod('dareTies', 'positive', count, options);

function dareMethod(
  name: string,
  vote: 'none' | 'positive',
  count: number,
  options: DareOptions,
): ChunkedMethod {
  const { density = 1, lambda = 1, normalize = false, rescale = 'density' } = options;
  const key = checkKey(name, options.key);
  const densities = perModel(name, 'density', density, count, isDensity);
  const weights = checkWeights(name, options.weights, count, normalize && vote === 'none');
  checkNumber(name, 'lambda', lambda);
  checkChoice(name, 'rescale', rescale, ['density', 'l1', 'none']);
  return taskVectorMethod({
    name,
    weights,
    lambda,
    normalize,
    vote,
    sparsify([tensor], i) {
      const share = densities[i]!;
      const masks = bernoulli(
        foldIn(foldIn(key, i), tensor!.name),
        share,
        rescale === 'density' ? 1 / share : 1,
      );
      return rescale === 'l1' ? keepL1(masks) : masks;
    },
  });
}

/** Refuses a missing key: nothing is drawn from hidden state. */
export function checkKey<Key>(name: string, key: Key | undefined): Key {
  if (key !== undefined) return key;
  throw new RangeError(`${name}: expected a random key, received none; pass { key: key(seed) }`);
}

function bernoulli(key: Parameters<typeof blockRandom>[0], share: number, factor: number): Sparsifier {
  return {
    passes: [],
    walk: () => (change) =>
      share < 1
        ? drop(change.values(), blockRandom(key, change.block.begin), share, factor)
        : change.values(),
  };
}

function drop(values: Float64Array, random: () => number, share: number, factor: number): Float64Array {
  for (let j = 0; j < values.length; j++) values[j] = random() < share ? values[j]! * factor : 0;
  return values;
}
