import {
  arange,
  equal,
  expandDims,
  less,
  lessEqual,
  logicalAnd,
  pad,
  reshape,
  sub,
  type Tensor,
  where,
  zeros,
} from '@weightloom/tensor-gpu';

/** Keys and values of one attention layer, `[B, H, S, d]`. */
export interface KeyValue {
  readonly key: Tensor;
  readonly value: Tensor;
}

/** What attention layers remember while text is generated, by layer; positions not yet written are zero. */
export type KeyValueEntries = Readonly<Record<string, KeyValue>>;

/**
 * A cache of fixed size, so that every generated token runs the same compiled program. A block of several positions starts it
 * from the beginning; single positions are added after that.
 */
export interface KeyValueCache {
  /**
   * Adds a block at `positions`; gives all keys and values and the mask `[T, size]` of what each position may see: itself and
   * earlier ones, `window` in all.
   */
  extend(
    path: string,
    block: KeyValue,
    positions: Tensor,
    window: number,
  ): KeyValue & { readonly mask: Tensor };
  /** What is remembered now. */
  readonly entries: KeyValueEntries;
}

/** Which of `all` positions each of `positions` sees: itself and earlier ones, `window` in all; bool `[T, S]`. */
export function visible(positions: Tensor, all: Tensor, window: number): Tensor {
  const rows = expandDims(positions, -1);
  const earlier = lessEqual(all, rows);
  return window === Infinity ? earlier : logicalAnd(earlier, less(sub(rows, all), window));
}

/** @param entries - what an earlier call remembered; empty at the beginning @param size - positions kept */
export function keyValueCache(entries: KeyValueEntries, size: number): KeyValueCache {
  const next: Record<string, KeyValue> = { ...entries };
  return {
    entries: next,
    extend: (path, block, positions, window) => {
      const [b, h, t, d] = block.key.shape;
      const old = entries[path] ?? { key: zeros([b, h, size, d]), value: zeros([b, h, size, d]) };
      const all = arange(size);
      const put = (kept: Tensor, fresh: Tensor): Tensor =>
        t === 1
          ? where(reshape(equal(all, positions), [size, 1]), fresh, kept)
          : pad(fresh, [
              [0, 0],
              [0, 0],
              [0, size - t],
              [0, 0],
            ]);
      next[path] = { key: put(old.key, block.key), value: put(old.value, block.value) };
      return { ...next[path], mask: visible(positions, all, window < size ? window : Infinity) };
    },
  };
}
