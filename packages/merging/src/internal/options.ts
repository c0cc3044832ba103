import type { Key } from '@weightloom/tensor-gpu';

/** What the methods on task vectors have in common. */
export interface TaskVectorOptions {
  /** One weight per model (default 1 each); any finite numbers. */
  readonly weights?: readonly number[];
  /** Scale of the merged change (default 1). */
  readonly lambda?: number;
  /** Divide by the weights that went into each sum. */
  readonly normalize?: boolean;
}

/** What the methods that drop changes at random need. */
export interface RandomOptions {
  /**
   * Random key, as of `key(seed)`. What is dropped depends on the key, the position of the model and the name of the
   * tensor only.
   */
  readonly key: Key;
}
