import type { Dtype } from '@weightloom/checkpoint';
import type { ChunkedMethod } from './chunked-method.js';
import type { TensorSource } from './tensor-source.js';

/** One tensor to be made. */
export interface ChunkedTask {
  /** Its name in the output. */
  readonly name: string;
  /** What it is made from: at least one, all of one shape, which is the output's too. */
  readonly inputs: readonly TensorSource[];
  /** Storage dtype of the output. */
  readonly dtype: Dtype;
  /**
   * How it is made. Tasks with the same method object of scope `'model'` are worked on together. Without a method the
   * first input is copied as it is, and all others must have the same bytes; `dtype` must be the first input's.
   */
  readonly method?: ChunkedMethod;
}

/** Where results go: a checkpoint writer, memory. */
export interface ChunkedSink {
  /** Takes the next bytes of a tensor; they may be overwritten once the promise is settled. */
  write(name: string, bytes: Uint8Array): Promise<void>;
}
