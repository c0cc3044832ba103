import { type Block, rankWindow } from '@weightloom/state-dict';

/** Thins out the change of one model, block by block. */
export interface Sparsifier {
  /** Shown all changes, block after block, one pass after the other. */
  readonly passes: readonly SparsifierPass[];
  /**
   * Starts a walk over the changes, in the same order; call it again for another walk.
   *
   * @returns a function that zeroes, in place, what is dropped, and rescales what is kept
   */
  walk(): (change: Float64Array, block: Block) => void;
}

export interface SparsifierPass {
  reduce(change: Float64Array, block: Block): void;
  finish(): void;
}

/**
 * Keeps the changes whose size has an ascending rank from `from` to `to` (exclusive) among all `count`.
 *
 * Sizes are compared as float32; of equal ones the first in order ranks higher.
 */
export function rankSparsifier(count: number, from: number, to: number): Sparsifier {
  const window = rankWindow(count, from, to);
  let sizes = new Float32Array(0);
  let mask = new Uint8Array(0);
  const sizesOf = (change: Float64Array) => {
    if (sizes.length < change.length) {
      sizes = new Float32Array(change.length);
      mask = new Uint8Array(change.length);
    }
    return magnitudes(change, sizes.subarray(0, change.length));
  };
  return {
    passes: window.passes.map(({ reduce, finish }) => ({
      reduce: (change: Float64Array) => reduce(sizesOf(change)),
      finish,
    })),
    walk() {
      const step = window.walk();
      return (change) => {
        step(sizesOf(change), mask);
        applyMask(change, mask);
      };
    },
  };
}

function magnitudes(change: Float64Array, out: Float32Array): Float32Array {
  for (let j = 0; j < out.length; j++) out[j] = Math.abs(change[j]!);
  return out;
}

function applyMask(change: Float64Array, mask: Uint8Array): void {
  for (let j = 0; j < change.length; j++) change[j] = change[j]! * mask[j]!;
}
