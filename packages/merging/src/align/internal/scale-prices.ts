import type { AssignmentState } from './assignment-state.js';

const FIRST = 8; // the first step is this part of the range of costs
const FACTOR = 5; // steps shrink by it
const PATIENCE = 200; // bids for each row, in all

/**
 * Better prices for square costs where rows outbid each other in tiny steps, as for `cost = i · j`: each row in turn bids for its
 * cheapest column, and lowers the price of it by a step more than makes the second cheapest as good; with ever smaller steps, each
 * round starting from the prices of the last. Prices alone are kept: with them few rows need a path, and short ones.
 *
 * @see Bertsekas 1988, "The auction algorithm: a distributed relaxation method for the assignment problem", Annals of
 *   Operations Research 14: ε-scaling; here followed by shortest paths, so that the answer is exact for any costs
 */
export function scalePrices({ cost, n, price }: AssignmentState): void {
  let [least, most] = [Infinity, -Infinity];
  for (let k = 0; k < cost.length; k++) {
    if (cost[k]! < least) least = cost[k]!;
    if (cost[k]! > most) most = cost[k]!;
  }
  const range = most - least;
  let bids = PATIENCE * n;
  const rowOf = new Int32Array(n);
  for (let step = range / FIRST; step > range / n ** 2 && bids > 0; step /= FACTOR) {
    rowOf.fill(-1);
    const queue = Array.from({ length: n }, (_, i) => n - 1 - i);
    while (queue.length > 0 && bids-- > 0) {
      const i = queue.pop()!;
      let [best, second, column] = [Infinity, Infinity, -1];
      for (let j = 0, at = i * n; j < n; j++, at++) {
        const reduced = cost[at]! - price[j]!;
        if (reduced >= second) continue;
        if (reduced < best) {
          second = best;
          best = reduced;
          column = j;
        } else {
          second = reduced;
        }
      }
      price[column]! -= second - best + step;
      const driven = rowOf[column]!;
      rowOf[column] = i;
      if (driven >= 0) queue.push(driven);
    }
  }
}
