import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { toMatrix } from '../internal/matrix.js';

/**
 * Multi-class Brier score: `mean_i Σ_k (1{y_i = k} - p_ik)²`, from 0 (sure and right) to 2.
 *
 * @param probabilities - `[n, K]`
 * @param codes - class index of each row, `[n]`, 0 is the first column
 * @throws {RangeError} for no rows, different lengths or an index outside the columns
 */
export function brierScore(probabilities: MatrixInput, codes: ArrayLike<number>): number {
  const where = 'brierScore';
  const p: Matrix = toMatrix(where, 'probabilities', probabilities);
  if (p.rows === 0 || codes.length !== p.rows)
    throw new RangeError(
      `${where}: got ${p.rows} rows and ${codes.length} codes, expected equal numbers above 0`,
    );
  let sum = 0;
  for (let i = 0; i < p.rows; i++) {
    const code = codes[i]!;
    if (!(Number.isInteger(code) && code >= 0 && code < p.columns))
      throw new RangeError(
        `${where}: codes[${i}] is ${code}, expected an integer from 0 to ${p.columns - 1}`,
      );
    for (let k = 0; k < p.columns; k++) sum += ((k === code ? 1 : 0) - p.data[i * p.columns + k]!) ** 2;
  }
  return sum / p.rows;
}
