/** How a product is cut: a workgroup computes `rows × columns` cells, a thread of it `threadRows × threadColumns` of them. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly threadRows: 1 | 2 | 4;
  readonly threadColumns: 1 | 2 | 4;
}

const tile = (rows: number, columns: number, each: 1 | 2 | 4): Tile => ({
  rows,
  columns,
  threadRows: each,
  threadColumns: each,
});

/**
 * Large tiles first. A thread of `t × t` cells does `t²` multiplications for `2t` numbers read from workgroup memory, so larger
 * is better, as long as there are workgroups enough to occupy the device.
 */
const squares = [tile(64, 64, 4), tile(32, 32, 2), tile(16, 16, 1)];
/** For products of few rows or columns, whose square tiles would be mostly empty. */
const flat = tile(4, 64, 1);
const tall = tile(64, 4, 1);

/** This many workgroups keep the processors of common devices busy. */
const BUSY = 64;

/** Below this many multiplications there is nothing to share between threads, and gpu.js's kernel of one thread a cell serves. */
export const LEAST_WORK = 1 << 15;

/** What decides how work is cut into workgroups. */
export interface Dispatch {
  /** Workgroups along one axis, at most. */
  readonly maxGroups: number;
  /** Products of fewer multiplications are not cut into tiles. */
  readonly leastWork: number;
}

/**
 * How a device wants its work. Where a program stands in for a GPU, barriers are changes of context, and tiles cost more than they
 * save.
 */
export const dispatchOf = ({ limits, adapterInfo }: GPUDevice): Dispatch => ({
  maxGroups: limits.maxComputeWorkgroupsPerDimension,
  // Old browsers do not tell.
  leastWork: (adapterInfo as GPUAdapterInfo | undefined)?.isFallbackAdapter ? Infinity : LEAST_WORK,
});

/** The tile for a stack of `m × n` results. */
export function tileFor(stack: number, m: number, n: number): Tile {
  if (m <= 4) return flat;
  if (n <= 4) return tall;
  const groups = (t: Tile): number => stack * Math.ceil(m / t.rows) * Math.ceil(n / t.columns);
  return squares.find((t) => groups(t) >= BUSY) ?? squares[2];
}

export const threadsOf = (t: Tile): number => (t.rows / t.threadRows) * (t.columns / t.threadColumns);
