import { toLevels } from '../internal/check-data.js';
import type { Matrix } from '../internal/matrix.js';
import { toVector } from '../internal/matrix.js';
import { pinball } from '../scores/pinball.js';
import type { ModelStack } from './model-stack.js';
import { readStack } from './model-stack.js';

/**
 * The mean over models, level by level: `ghat_k = (1/p) Σ_j Z_jk`.
 *
 * @param models - `p` matrices `[n, m]`
 * @returns `[n, m]`; in order when every model is
 * @throws {RangeError} for no models, models of different shapes (the model is named), a non-finite cell
 */
export function averageModels(models: ModelStack): Matrix {
  const stack = readStack('averageModels', models);
  return combine(stack, (values) => values.reduce((sum, value) => sum + value, 0) / values.length);
}

/**
 * The median over models, level by level; the mean of the middle two for an even number.
 *
 * @param models - `p` matrices `[n, m]`
 * @returns `[n, m]`; in order when every model is
 * @throws {RangeError} as {@link averageModels}
 */
export function medianModels(models: ModelStack): Matrix {
  const stack = readStack('medianModels', models);
  const middle = stack.length >> 1;
  return combine(stack, (values) => {
    values.sort();
    return stack.length % 2 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2;
  });
}

export interface BestModel {
  /** Which model, 0 to `p - 1`; the first of equals. */
  readonly index: number;
  /** Mean pinball loss of every model over rows and levels, `[p]`. */
  readonly losses: Float64Array;
}

/**
 * The model with the smallest mean pinball loss on validation rows.
 *
 * @param options.models - predictions for the validation rows, `p` matrices `[n, m]`
 * @param options.y - `[n]`
 * @throws {RangeError} as {@link averageModels}; also for levels or targets that do not match
 */
export function selectBestModel(options: {
  readonly models: ModelStack;
  readonly y: ArrayLike<number>;
  readonly levels: ArrayLike<number>;
}): BestModel {
  const where = 'selectBestModel';
  const levels = toLevels(where, options.levels);
  const stack = readStack(where, options.models, levels.length);
  const y = toVector(where, 'y', options.y, stack[0]!.rows);
  const losses = Float64Array.from(stack, ({ data, columns }) => {
    let sum = 0;
    data.forEach((value, e) => (sum += pinball(y[Math.floor(e / columns)]! - value, levels[e % columns]!)));
    return sum / data.length;
  });
  return { index: losses.indexOf(losses.reduce((least, loss) => Math.min(least, loss))), losses };
}

function combine(stack: readonly Matrix[], join: (values: Float64Array) => number): Matrix {
  const { rows, columns } = stack[0]!;
  const values = new Float64Array(stack.length);
  const data = Float64Array.from({ length: rows * columns }, (_, e) => {
    stack.forEach((model, j) => (values[j] = model.data[e]!));
    return join(values);
  });
  return { data, rows, columns };
}
