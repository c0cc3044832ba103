import { assign } from './internal/assign.js';
import { findNotFinite } from './internal/find-not-finite.js';

/** What {@link linearAssignment} finds. */
export interface Assignment {
  /** For each row, its column; `-1` for a row without one, where there are more rows than columns. */
  readonly columns: Int32Array<ArrayBuffer>;
  /** Sum of the chosen costs, in the order of the rows. */
  readonly total: number;
  /** Dual values of the columns (with more rows than columns, of the rows): of square costs a good `start` for similar ones. */
  readonly prices: Float64Array<ArrayBuffer>;
}

export interface LinearAssignmentOptions {
  /** Look for the greatest sum instead of the least; default false. */
  readonly maximize?: boolean;
  /**
   * Prices of the columns to start from, as found for similar costs of the same shape: saves time, and changes nothing but
   * which of several equally good answers is given. As many rows as columns are needed.
   */
  readonly start?: Float64Array;
}

/**
 * The linear sum assignment: one column for each row, no column twice, with the least sum of costs,
 * `min_π Σᵢ cost[i, π(i)]`. Exact up to the rounding of float64 sums, for any finite costs; the same costs give the same answer.
 *
 * Takes `O(n³)` in the worst case; dense costs of n = 4096 take some seconds, also those whose rows all want the same columns
 * (`cost = i · j`), unless there are more rows than columns or fewer.
 *
 * @param cost - `[rows, columns]`, row by row; finite, any sign; left unchanged
 * @param rows - at least 1
 * @param columns - at least 1; where the two differ, the smaller number of pairs is made
 * @throws {RangeError} for a cost that is not finite, naming its place, and for sizes and `start` prices that do not fit
 * @see Jonker and Volgenant 1987, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
 *   Computing 38: column reduction of square problems, augmenting row reduction, augmentation; between them, where row reduction
 *   leaves most rows free, prices by ε-scaling (Bertsekas 1988)
 */
export function linearAssignment(
  cost: ArrayLike<number>,
  rows: number,
  columns: number,
  { maximize = false, start }: LinearAssignmentOptions = {},
): Assignment {
  checkCost(cost, rows, columns);
  const wide = rows <= columns;
  const [n, m] = wide ? [rows, columns] : [columns, rows];
  const work = wide ? new Float64Array(cost) : transposed(cost, rows, columns);
  if (maximize) for (let k = 0; k < work.length; k++) work[k] = -work[k]!;
  if (start && (rows !== columns || start.length !== columns)) {
    throw new RangeError(
      `linearAssignment: expected as many rows as columns and start prices, received ${rows}, ${columns} and ${start.length}`,
    );
  }
  const { columnOf: found, price } = assign(work, n, m, start);
  const result = new Int32Array(rows).fill(-1);
  for (let i = 0; i < n; i++) {
    if (wide) result[i] = found[i]!;
    else result[found[i]!] = i;
  }
  let total = 0;
  for (let i = 0; i < rows; i++) if (result[i]! >= 0) total += cost[i * columns + result[i]!]!;
  return { columns: result, total, prices: price };
}

function transposed(cost: ArrayLike<number>, rows: number, columns: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = cost[i * columns + j]!;
  return out;
}

function checkCost(cost: ArrayLike<number>, rows: number, columns: number): void {
  if (![rows, columns].every((size) => Number.isSafeInteger(size) && size >= 1)) {
    throw new RangeError(
      `linearAssignment: expected at least one row and one column, received ${rows} and ${columns}`,
    );
  }
  if (cost.length !== rows * columns) {
    throw new RangeError(
      `linearAssignment: expected ${rows} × ${columns} = ${rows * columns} costs, received ${cost.length}`,
    );
  }
  const bad = findNotFinite(cost);
  if (bad < 0) return;
  throw new RangeError(
    `linearAssignment: expected finite costs, received ${cost[bad]} in row ${Math.floor(bad / columns)}, column ${bad % columns}`,
  );
}
