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
 * Takes `O(n³)` in the worst case; dense random costs of n = 4096 take some seconds.
 *
 * @param cost - `[rows, columns]`, row by row; finite, any sign; left unchanged
 * @param rows - at least 1
 * @param columns - at least 1; where the two differ, the smaller number of pairs is made
 * @throws {RangeError} for a cost that is not finite, naming its place, and for sizes and `start` prices that do not fit
 * @see Jonker and Volgenant 1987, "A shortest augmenting path algorithm for dense and sparse linear assignment problems",
 *   Computing 38: column reduction of square problems, augmenting row reduction, augmentation
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

/** A problem under way: `n ≤ m` rows and columns, the column of each row and the row of each column (-1: none), column prices. */
interface State {
  readonly cost: Float64Array;
  readonly n: number;
  readonly m: number;
  readonly columnOf: Int32Array<ArrayBuffer>;
  readonly rowOf: Int32Array<ArrayBuffer>;
  /** The dual of a column; with more columns than rows `≤ 0`, and 0 for columns without a row. */
  readonly price: Float64Array<ArrayBuffer>;
}

function assign(cost: Float64Array, n: number, m: number, start?: Float64Array): State {
  const state: State = {
    cost,
    n,
    m,
    columnOf: new Int32Array(n).fill(-1),
    rowOf: new Int32Array(m).fill(-1),
    // Where every column gets a row, any prices will do: the cheapest cost of a column is a good one.
    price: start ? Float64Array.from(start) : n === m ? columnMinima(cost, n) : new Float64Array(m),
  };
  let free = Array.from({ length: n }, (_, i) => i);
  if (m > 1) for (let pass = 0; pass < PASSES && free.length > 0; pass++) free = reduceRows(state, free);
  augment(state, free);
  return state;
}

function columnMinima(cost: Float64Array, n: number): Float64Array<ArrayBuffer> {
  const least = new Float64Array(n).fill(Infinity);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < n; j++, at++) if (cost[at]! < least[j]!) least[j] = cost[at]!;
  }
  return least;
}

const PASSES = 2;

/** Steps of a pass for each row: where rows outbid each other in ever smaller steps, augmenting paths are faster. */
const PATIENCE = 8;

/**
 * Augmenting row reduction: each free row takes its cheapest column, driving out who had it, and lowers that column's
 * price until the second cheapest is as good.
 *
 * @returns the rows that are still free
 */
function reduceRows({ cost, m, columnOf, rowOf, price }: State, free: readonly number[]): number[] {
  const queue = [...free].reverse();
  const left: number[] = [];
  let patience = PATIENCE * free.length;
  while (queue.length > 0) {
    const i = queue.pop()!;
    let [best, second] = [Infinity, Infinity];
    let [bestColumn, secondColumn] = [-1, -1];
    for (let j = 0, at = i * m; j < m; j++, at++) {
      const reduced = cost[at]! - price[j]!;
      if (reduced >= second) continue;
      if (reduced < best) {
        [second, secondColumn] = [best, bestColumn];
        [best, bestColumn] = [reduced, j];
      } else {
        [second, secondColumn] = [reduced, j];
      }
    }
    let column = bestColumn;
    const lowered = price[column]! - (second - best);
    const drops = lowered < price[column]!;
    if (drops) price[column] = lowered;
    else if (rowOf[column]! >= 0) column = secondColumn; // equally good, perhaps free
    const driven = rowOf[column]!;
    rowOf[column] = i;
    columnOf[i] = column;
    if (driven < 0) continue;
    columnOf[driven] = -1;
    if (drops && --patience > 0) queue.push(driven);
    else left.push(driven);
  }
  return left;
}

/** Gives each free row a column along a shortest alternating path (Dijkstra's algorithm on reduced costs). */
function augment(state: State, free: readonly number[]): void {
  const { cost, m, columnOf, rowOf, price } = state;
  const search: Search = {
    distance: new Float64Array(m),
    from: new Int32Array(m),
    open: new Int32Array(m),
  };
  const { distance, from, open } = search;
  for (const start of free) {
    distance.fill(Infinity);
    for (let j = 0; j < m; j++) open[j] = j;
    let [row, base, count] = [start, 0, m];
    let end = -1;
    while (end < 0) {
      const k = relax(state, search, row, base, count);
      const j = open[k]!;
      open[k] = open[--count]!;
      open[count] = j; // behind the open ones: those that are done
      if (rowOf[j]! < 0) end = j;
      else {
        row = rowOf[j]!;
        base = cost[row * m + j]! - price[j]! - distance[j]!;
      }
    }
    for (let k = count; k < m; k++) price[open[k]!]! += distance[open[k]!]! - distance[end]!;
    for (let j = end; ;) {
      const owner = from[j]!;
      rowOf[j] = owner;
      const next = columnOf[owner]!;
      columnOf[owner] = j;
      if (owner === start) break;
      j = next;
    }
  }
}

/** A search for a shortest path: distance and previous row of each column, and the columns still open. */
interface Search {
  readonly distance: Float64Array<ArrayBuffer>;
  readonly from: Int32Array<ArrayBuffer>;
  readonly open: Int32Array<ArrayBuffer>;
}

/**
 * Shortens the distances of open columns by going through `row`.
 *
 * @returns the place in `open` of the nearest, a column without a row if several are
 */
function relax(
  { cost, m, rowOf, price }: State,
  { distance, from, open }: Search,
  row: number,
  base: number,
  count: number,
): number {
  const at = row * m;
  let nearest = Infinity;
  let place = 0;
  for (let k = 0; k < count; k++) {
    const j = open[k]!;
    const through = cost[at + j]! - price[j]! - base;
    let d = distance[j]!;
    if (through < d) {
      distance[j] = d = through;
      from[j] = row;
    }
    if (d < nearest || (d === nearest && rowOf[j]! < 0)) {
      nearest = d;
      place = k;
    }
  }
  return place;
}
