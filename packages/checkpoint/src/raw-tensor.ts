import type { Dtype } from './dtypes.js';

/**
 * A tensor as the file holds it: nothing converted.
 *
 * `bytes` are little-endian, row-major (C order), `product(shape) · bits(dtype) / 8` of them. They may be a view into
 * a larger buffer, at any alignment.
 */
export interface RawTensor {
  readonly dtype: Dtype;
  /** Non-negative integers; `[]` is a scalar. */
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Raw tensors by name. Those this package makes have a null prototype, so `__proto__` is a name like any other. */
export type RawStateDict = Record<string, RawTensor>;

/** Free-form text beside the tensors (`__metadata__` in the file). */
export type Metadata = Record<string, string>;

/** A whole checkpoint in memory. */
export interface RawCheckpoint {
  readonly tensors: RawStateDict;
  readonly metadata: Metadata;
}
