import type { Key } from '@weightloom/tensor-gpu';
import { generator } from '@weightloom/tensor-gpu';
import type { Matrix } from '../internal/matrix.js';
import { toMatrix } from '../internal/matrix.js';
import type { Design } from './ordinal-data.js';
import { readDesign, takeRows } from './ordinal-data.js';
import { predictOrdinal } from './ordinal-model.js';
import { brierScore } from './ordinal-scores.js';
import type { PrestoModel, PrestoPathOptions } from './presto.js';
import { fitPath, pathLambdas } from './presto.js';

export interface PrestoCvOptions extends PrestoPathOptions {
  /** Number of folds, 2 to the size of the smallest class; default 5 or that size if it is smaller. */
  readonly folds?: number | undefined;
  /** Draws the folds. */
  readonly key: Key;
}

export interface PrestoCv {
  /** The model of the chosen `lambda`, fitted on all rows. */
  readonly model: PrestoModel;
  /** One model per `lambda`, from large to small, fitted on all rows. */
  readonly path: readonly PrestoModel[];
  /** Cross-validated mean multi-class Brier score per `lambda`, in the order of `path`. */
  readonly brier: Float64Array;
  /** Standard error of `brier` over the folds. */
  readonly standardErrors: Float64Array;
}

/**
 * {@link presto} with `lambda` chosen by cross-validation: the smallest mean Brier score
 * `mean_i Σ_k (1{y_i = k} - p_ik)²`, the larger `lambda` on ties.
 *
 * Features are standardised once, by all rows. Folds are stratified by class, so that a rare class is in every training part (the authors' code draws plain folds);
 * probabilities of crossing rows are clipped and renormalised before scoring.
 *
 * @throws {RangeError} as {@link presto} does, and for a bad number of folds or a class with a single sample
 * @see Faletto, Bien 2023, ICML 2023
 */
export function prestoCv(options: PrestoCvOptions): PrestoCv {
  const where = 'prestoCv';
  const design = readDesign(where, options, 3);
  const lambdas = pathLambdas(where, design, options);
  const path = fitPath(where, design, options, lambdas);
  const folds = stratifiedFolds(where, design, options);
  const count = folds.reduce((most, fold) => Math.max(most, fold), 0) + 1;
  const x = toMatrix(where, 'x', options.x);
  const scores = Array.from({ length: count }, (_, fold) => {
    const rows = Array.from(folds.keys());
    const kept = takeRows(
      design,
      rows.filter((i) => folds[i] !== fold),
    );
    const left = rows.filter((i) => folds[i] === fold);
    const codes = left.map((i) => design.codes[i]!);
    return fitPath(where, kept, options, lambdas).map((model) =>
      brierScore(predictOrdinal(model, rowsOf(x, left)).probabilities, codes),
    );
  });
  const brier = lambdas.map((_, l) => scores.reduce((sum, score) => sum + score[l]!, 0) / count);
  const standardErrors = brier.map((mean, l) =>
    Math.sqrt(scores.reduce((sum, score) => sum + (score[l]! - mean) ** 2, 0) / (count - 1) / count),
  );
  let best = 0;
  brier.forEach((score, l) => {
    if (score < brier[best]!) best = l;
  });
  return { model: path[best]!, path, brier, standardErrors };
}

function rowsOf({ data, columns }: Matrix, rows: readonly number[]): Matrix {
  const out = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => out.set(data.subarray(row * columns, (row + 1) * columns), i * columns));
  return { data: out, rows: rows.length, columns };
}

/** The fold of every row: each class is shuffled and dealt out in turn. */
function stratifiedFolds(where: string, { codes, classes, n }: Design, options: PrestoCvOptions): Int32Array {
  const members: number[][] = classes.map(() => []);
  codes.forEach((code, i) => members[code]!.push(i));
  const smallest = members.reduce((least, list) => Math.min(least, list.length), n);
  const { folds = Math.min(5, smallest), key } = options;
  if (smallest < 2) {
    const rare = members.findIndex((list) => list.length === 1);
    throw new RangeError(
      `${where}: class ${JSON.stringify(classes[rare])} has 1 sample, cross-validation needs at least 2`,
    );
  }
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= smallest))
    throw new RangeError(
      `${where}: folds is ${folds}, expected an integer from 2 to the smallest class size ${smallest}`,
    );
  const random = generator(key);
  const out = new Int32Array(n);
  let dealt = 0;
  for (const list of members)
    for (const place of random.permutation(list.length)) out[list[place]!] = dealt++ % folds;
  return out;
}
