import type { TensorSource } from '@weightloom/state-dict';
import type { RecipeModel } from './recipe-model.js';

/** A vocabulary that all models are brought to. */
export interface Vocabulary {
  /** Rows of the output's embeddings. */
  readonly size: number;
  /** The tokenizer's files, where they are not those of the base. */
  readonly files?: ReadonlyMap<string, Uint8Array | string>;
  readonly warnings: readonly string[];
  /** A tensor of a model with its rows (or elements) in the order of the output's vocabulary. */
  reindex(model: RecipeModel, name: string, source: TensorSource): TensorSource;
}
