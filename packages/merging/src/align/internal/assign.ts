import type { AssignmentState } from './assignment-state.js';
import { augment } from './augment.js';
import { reduceRows } from './reduce-rows.js';
import { scalePrices } from './scale-prices.js';

const PASSES = 2;

/** The part of all rows that may be left by row reduction before better prices are looked for. */
const HARD = 0.5;

/**
 * Gives each of `n ≤ m` rows a column, with the least sum of costs.
 *
 * @param start - prices to start from; only where `n = m`
 */
export function assign(cost: Float64Array, n: number, m: number, start?: Float64Array): AssignmentState {
  // Where every column gets a row, any prices will do: the cheapest cost of a column is a good one.
  const price = start ? Float64Array.from(start) : n === m ? columnMinima(cost, n) : new Float64Array(m);
  const state: AssignmentState = {
    cost,
    n,
    m,
    columnOf: new Int32Array(n),
    rowOf: new Int32Array(m),
    price,
  };
  let free = reduce(state);
  if (n === m && free.length > HARD * n) {
    scalePrices(state);
    free = reduce(state);
  }
  augment(state, free);
  return state;
}

/** Assigns what row reduction can, starting from prices alone. */
function reduce(state: AssignmentState): readonly number[] {
  state.columnOf.fill(-1);
  state.rowOf.fill(-1);
  let free: readonly number[] = Array.from({ length: state.n }, (_, i) => i);
  if (state.m > 1)
    for (let pass = 0; pass < PASSES && free.length > 0; pass++) free = reduceRows(state, free);
  return free;
}

function columnMinima(cost: Float64Array, n: number): Float64Array<ArrayBuffer> {
  const least = new Float64Array(n).fill(Infinity);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < n; j++, at++) if (cost[at]! < least[j]!) least[j] = cost[at]!;
  }
  return least;
}
