import { type ChunkedMethod, type StateDict, StateDictError } from '@weightloom/state-dict';
import { checkNumber } from './internal/check-number.js';
import { checkWeights, sum } from './internal/check-weights.js';
import { combine } from './internal/combine.js';
import { runVectors } from './internal/run-vectors.js';
import { float64Scratch } from './internal/scratch.js';
import { store, vectorsOf } from './internal/vectors-of.js';

export interface MultislerpOptions {
  /** One weight per model (default 1 each); any finite numbers. */
  readonly weights?: readonly number[];
  /** Divide the weights by their sum (default `true`). */
  readonly normalizeWeights?: boolean;
  /** Added to norms, and the norm below which a mean direction counts as none (default 1e-8); at least 0. */
  readonly epsilon?: number;
  /** A model to which the others are taken relative: their changes to it are merged, and added to it. */
  readonly base?: StateDict;
}

/**
 * Multislerp: the mean direction of models on the sphere, at their mean length; each tensor is one vector.
 *
 * `uᵢ = vᵢ / (‖vᵢ‖ + ε)`, `m = Σ aᵢ uᵢ / ‖Σ aᵢ uᵢ‖`, `out = m · Σ aᵢ ‖vᵢ‖`. Where two models cancel, or all are
 * shorter than ε, `Σ aᵢ vᵢ`; where more cancel, an error that names the tensor.
 *
 * mergekit also adds a step in the plane that touches the sphere at m; the weighted mean of the tangents there is zero by
 * the choice of m, so that step changes nothing but rounding and is left out.
 *
 * @param models - at least two; same names, shapes and dtypes
 * @throws {RangeError} for fewer models, or weights that are not finite, or sum to 0 and are to be normalized
 * @throws {StateDictError} naming a tensor of which three or more models cancel
 */
export async function multislerp(
  models: readonly StateDict[],
  { base, ...options }: MultislerpOptions = {},
): Promise<StateDict> {
  if (models.length < 2) {
    throw new RangeError(`multislerp: expected at least two models, received ${models.length}`);
  }
  return runVectors(multislerpMethod(models.length, options, base !== undefined), models, base);
}

/** `multislerp` for `count` models, or a base and `count` models. */
export function multislerpMethod(
  count: number,
  options: Omit<MultislerpOptions, 'base'>,
  hasBase: boolean,
): ChunkedMethod {
  const name = 'multislerp';
  const { normalizeWeights = true, epsilon = 1e-8 } = options;
  const given = checkWeights(name, options.weights, count, normalizeWeights);
  const scale = normalizeWeights ? 1 / sum(given) : 1;
  const weights = given.map((weight) => weight * scale);
  checkNumber(name, 'epsilon', epsilon, 0);
  return {
    name,
    granularity: 'element',
    begin([tensor]) {
      const vectors = vectorsOf(hasBase, count);
      const scratch = float64Scratch();
      const squares = new Float64Array(count);
      let factors: readonly number[] = weights;
      let meanSquare = 0;
      return {
        passes: [
          {
            reduce(block) {
              vectors(block).forEach((vector, i) => (squares[i]! += sumOfSquares(vector)));
            },
            finish() {
              factors = weights.map((weight, i) => divide(weight, Math.sqrt(squares[i]!) + epsilon));
            },
          },
          {
            reduce(block) {
              meanSquare += sumOfSquares(combine(vectors(block), factors, scratch(block.length)));
            },
            finish() {
              const norm = Math.sqrt(meanSquare);
              const length = weights.reduce((total, weight, i) => total + weight * Math.sqrt(squares[i]!), 0);
              const isTiny = squares.every((square) => Math.sqrt(square) <= epsilon);
              if (norm >= epsilon && norm > 0) factors = factors.map((factor) => (factor / norm) * length);
              else if (count === 2 || isTiny) factors = weights;
              else throw cancelling(tensor!.name);
            },
          },
        ],
        emit(block, out) {
          store(combine(vectors(block), factors, scratch(block.length)), block, hasBase, out);
        },
      };
    },
  };
}

const divide = (a: number, b: number) => (b === 0 ? 0 : a / b);

function cancelling(name: string): StateDictError {
  return new StateDictError({
    where: `multislerp: ${JSON.stringify(name)}`,
    expected: 'models whose weighted directions have a mean',
    received: 'models that cancel each other',
    cure: 'choose other weights or another method for this tensor',
  });
}

function sumOfSquares(values: ArrayLike<number>): number {
  let total = 0;
  for (let j = 0; j < values.length; j++) total += values[j]! * values[j]!;
  return total;
}
