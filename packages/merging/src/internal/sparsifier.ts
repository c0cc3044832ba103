import { type Block, rankWindow } from '@weightloom/state-dict';

/** The change of one model to the base, in one block. */
export interface Change {
  readonly block: Block;
  /** `w - w₀`, in float64; may be overwritten. */
  values(): Float64Array;
  /** `|w - w₀|`, in float32. */
  sizes(): Float32Array;
}

/** Thins out the change of one model, block by block. */
export interface Sparsifier {
  /** Shown all changes, block after block, one pass after the other. */
  readonly passes: readonly SparsifierPass[];
  /**
   * Starts a walk over the changes, in the same order; call it again for another walk.
   *
   * @returns a function that gives the values with what is dropped zeroed, and what is kept rescaled
   */
  walk(): (change: Change) => Float64Array;
}

export interface SparsifierPass {
  reduce(change: Change): void;
  finish(): void;
}

/** Keeps everything. */
export const keepAll: Sparsifier = { passes: [], walk: () => (change) => change.values() };

/**
 * Keeps the changes whose size has an ascending rank from `from` to `to` (exclusive) among all `count`.
 *
 * Sizes are compared as float32; of equal ones the first in order ranks higher.
 */
export function rankSparsifier(count: number, from: number, to: number): Sparsifier {
  if (from === 0 && to === count) return keepAll;
  const window = rankWindow(count, from, to);
  let mask = new Uint8Array(0);
  return {
    passes: window.passes.map(({ reduce, finish }) => ({
      reduce: (change: Change) => reduce(change.sizes()),
      finish,
    })),
    walk() {
      const step = window.walk();
      return (change) => {
        const { length } = change.block;
        if (mask.length < length) mask = new Uint8Array(length);
        step(change.sizes(), mask);
        return applyMask(change.values(), mask);
      };
    },
  };
}

function applyMask(values: Float64Array, mask: Uint8Array): Float64Array {
  for (let j = 0; j < values.length; j++) values[j] = values[j]! * mask[j]!;
  return values;
}
