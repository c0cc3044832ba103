import { type ChunkedMethod, runInMemory, type StateDict } from '@weightloom/state-dict';
import { checkNumber } from './internal/check-number.js';
import { checkWeights, sum } from './internal/check-weights.js';

export interface FisherMergeOptions {
  /** One weight `λ ≥ 0` per model (default 1 each); only their proportions count. See `sweep` and `weightGrid` to choose them. */
  readonly weights?: readonly number[];
  /** Added to every Fisher value (default 1e-6), so that weights nobody is sure of are averaged plainly. */
  readonly epsilon?: number;
  /**
   * Divide each weight by the L2 norm of its model's whole Fisher information (default `false`), so that a model with larger
   * gradients does not outvote the others.
   */
  readonly normalize?: boolean;
}

/**
 * Fisher-weighted averaging: every weight is averaged with the certainty that each model has of it.
 *
 * `out = Σ λᵢ (Fᵢ + ε) wᵢ / Σ λᵢ (Fᵢ + ε)`, the mode of a product of Gaussians with means `wᵢ` and diagonal precisions `λᵢ Fᵢ`.
 * Where that sum is 0 (only with `epsilon` 0), `Σ λᵢ wᵢ / Σ λᵢ`. With equal Fisher values it is `linear`.
 *
 * Classification heads of different tasks are not to be merged: leave them out, and keep each; those of one task whose classes
 * stand in another order are brought together by `alignLabels`, models and Fisher information alike.
 *
 * @param models - at least two; same names, shapes and dtypes
 * @param fishers - one per model, as by `diagonalFisher`: names and shapes of the models, values ≥ 0
 * @throws {RangeError} for fewer than two models, another number of `fishers`, weights that are negative or all 0, a negative
 *   Fisher value, naming the tensor
 * @throws {StateDictError} naming a tensor that is missing or not finite; `ShapeError`, `DTypeError` likewise
 * @see Matena and Raffel 2022, "Merging Models with Fisher-Weighted Averaging", arXiv:2111.09832
 */
export async function fisherMerge(
  models: readonly StateDict[],
  fishers: readonly StateDict[],
  options: FisherMergeOptions = {},
): Promise<StateDict> {
  const where = 'fisherMerge';
  const count = models.length;
  if (count < 2) throw new RangeError(`${where}: expected at least two models, received ${count}`);
  if (fishers.length !== count) {
    throw new RangeError(`${where}: expected ${count} fishers, one per model, received ${fishers.length}`);
  }
  const labels = ['models', 'fishers'].flatMap((list) => models.map((_, i) => `${list}[${i}]`));
  return runInMemory(fisherMergeMethod(count, options), [...models, ...fishers], { labels });
}

/** `fisherMerge` for `count` models; inputs are the models, then their Fisher information. */
function fisherMergeMethod(count: number, options: FisherMergeOptions): ChunkedMethod {
  const name = 'fisherMerge';
  const { epsilon = 1e-6, normalize = false } = options;
  checkNumber(name, 'epsilon', epsilon, 0);
  const weights = checkWeights(name, options.weights, count, true);
  weights.forEach((weight, i) => checkNumber(name, `the weight of models[${i}]`, weight, 0));
  return {
    name,
    granularity: 'element',
    scope: normalize ? 'model' : 'tensor',
    begin() {
      const squares = new Float64Array(count);
      let factors = weights;
      return {
        passes: normalize
          ? [
              {
                reduce: ({ inputs }) =>
                  squares.forEach((_, i) => (squares[i]! += sumOfSquares(inputs[count + i]!))),
                finish: () => void (factors = normalized(weights, squares)),
              },
            ]
          : [],
        emit({ inputs, tensor, begin }, out) {
          const [models, fishers] = [inputs.slice(0, count), inputs.slice(count)];
          const total = sum(factors);
          for (let j = 0; j < out.length; j++) {
            let [mass, top, plain] = [0, 0, 0];
            for (let i = 0; i < count; i++) {
              const fisher = fishers[i]![j]!;
              if (fisher < 0) refuseNegative(fisher, i, tensor.name, begin + j);
              const share = factors[i]! * (fisher + epsilon);
              mass += share;
              top += share * models[i]![j]!;
              plain += factors[i]! * models[i]![j]!;
            }
            out[j] = mass > 0 ? top / mass : plain / total;
          }
        },
      };
    },
  };
}

/** Weights divided by norms; a model whose Fisher information is 0 everywhere keeps its weight. */
const normalized = (weights: readonly number[], squares: Float64Array): number[] =>
  weights.map((weight, i) => (squares[i]! > 0 ? weight / Math.sqrt(squares[i]!) : weight));

function sumOfSquares(values: Float32Array): number {
  let total = 0;
  for (let j = 0; j < values.length; j++) total += values[j]! * values[j]!;
  return total;
}

function refuseNegative(value: number, i: number, name: string, at: number): never {
  throw new RangeError(
    `fisherMerge: expected Fisher information of at least 0, received ${value} in fishers[${i}] ${JSON.stringify(name)}[${at}]`,
  );
}
