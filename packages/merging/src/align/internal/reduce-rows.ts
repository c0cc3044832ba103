import type { AssignmentState } from './assignment-state.js';

/** Steps of a pass for each row: where rows outbid each other in ever smaller steps, augmenting paths are faster. */
const PATIENCE = 8;

/**
 * Augmenting row reduction: each free row takes its cheapest column, driving out who had it, and lowers that column's
 * price until the second cheapest is as good.
 *
 * @returns the rows that are still free
 */
export function reduceRows(
  { cost, m, columnOf, rowOf, price }: AssignmentState,
  free: readonly number[],
): number[] {
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
