import type { Key } from '@weightloom/tensor-gpu';
import { generator } from '@weightloom/tensor-gpu';
import type { LongWork } from '../internal/long-work.js';
import { toVector } from '../internal/matrix.js';

/** A fitted model: predictions for rows, `[x.length]`. */
export type PredictModel<Row> = (x: readonly Row[]) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** Trains a model on rows of any kind; may be asynchronous. It must treat rows alike whatever their order. */
export type FitModel<Row> = (
  x: readonly Row[],
  y: Float64Array,
) => PredictModel<Row> | Promise<PredictModel<Row>>;

/** How to split rows: a number of folds (drawn with `key`), or the fold of every row, integers from 0. */
export interface FoldOptions {
  readonly folds?: number | ArrayLike<number> | undefined;
  /** Needed when `folds` is a number below the number of rows. */
  readonly key?: Key | undefined;
}

export function checkRows<Row>(where: string, x: readonly Row[], y: ArrayLike<number>): Float64Array {
  if (!Array.isArray(x)) throw new TypeError(`${where}: x must be an array of rows, got ${typeof x}`);
  if (x.length < 2) throw new RangeError(`${where}: got ${x.length} training rows, expected at least 2`);
  return toVector(where, 'y', y, x.length);
}

/** The fold of every row: balanced, shuffled by the key; `count` folds equal to rows need no key. */
export function assignFolds(where: string, n: number, { folds = 10, key }: FoldOptions): Int32Array {
  if (typeof folds !== 'number') return givenFolds(where, n, folds);
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= n))
    throw new RangeError(`${where}: folds is ${folds}, expected an integer from 2 to the ${n} rows`);
  if (folds === n) return Int32Array.from({ length: n }, (_, i) => i);
  if (key === undefined) throw new TypeError(`${where}: key is missing, it draws the folds`);
  const out = new Int32Array(n);
  generator(key)
    .permutation(n)
    .forEach((row, i) => (out[row] = i % folds));
  return out;
}

function givenFolds(where: string, n: number, folds: ArrayLike<number>): Int32Array {
  const out = Int32Array.from(toVector(where, 'folds', folds, n));
  const count = new Set(out).size;
  out.forEach((fold, i) => {
    if (fold !== folds[i] || fold < 0 || fold >= count)
      throw new RangeError(
        `${where}: folds[${i}] is ${folds[i]}, expected integers from 0 with none left out`,
      );
  });
  if (count < 2) throw new RangeError(`${where}: all rows are in one fold, expected at least 2 folds`);
  return out;
}

/** Fits one model per fold without its rows; answers the models and, per fold, the rows it must predict. */
export async function fitWithoutFolds<Row, Model>(
  x: readonly Row[],
  y: Float64Array,
  folds: Int32Array,
  fit: (x: readonly Row[], y: Float64Array) => Model | Promise<Model>,
  { onProgress, signal }: LongWork,
): Promise<{ model: Model; left: number[] }[]> {
  const count = folds.reduce((most, fold) => Math.max(most, fold), 0) + 1;
  const out = [];
  for (let k = 0; k < count; k++) {
    signal?.throwIfAborted();
    const kept: number[] = [];
    const left: number[] = [];
    folds.forEach((fold, i) => (fold === k ? left : kept).push(i));
    const model = await fit(
      kept.map((i) => x[i]!),
      Float64Array.from(kept, (i) => y[i]!),
    );
    out.push({ model, left });
    onProgress?.({ done: k + 1, total: count, label: 'Fold models' });
  }
  return out;
}
