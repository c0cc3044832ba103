import type { AssignmentState } from './assignment-state.js';

/** Gives each free row a column along a shortest alternating path (Dijkstra's algorithm on reduced costs). */
export function augment(state: AssignmentState, free: readonly number[]): void {
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
  { cost, m, rowOf, price }: AssignmentState,
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
