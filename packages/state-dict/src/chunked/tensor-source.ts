import type { Dtype } from '@weightloom/checkpoint';

/** A tensor that is read by ranges: from a file, from memory, or made on the way. */
export interface TensorSource {
  /** What to call it in messages, such as `models[1] "layers.0.weight"`. */
  readonly label: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /**
   * The bytes of elements `begin` to `end` (exclusive), little-endian, in `dtype`.
   *
   * @param scratch - as many bytes as the elements take, at an address aligned for any dtype; a source that already
   *   holds its bytes leaves it alone and returns a view of its own
   */
  read(begin: number, end: number, scratch: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
}
