import type { ConvOptions, Key, Tensor } from '@weightloom/tensor-gpu';
import type { KeyValueCache } from './layers/key-value-cache.js';

/**
 * Named weights: a null-prototype record of tensors by dotted PyTorch-style name (`layers.0.weight`). No meaning rests on the
 * order of the names. Linear weights are `[out, in]`, convolutions `[out, in, kh, kw]`.
 */
export type StateDict = Record<string, Tensor>;

/** What a model's layers ask while they compute. Every field may be missing. */
export interface ApplyContext {
  /** Randomness of this call (dropout); without it such layers do nothing. */
  readonly key?: Key;
  /** True while training: dropout drops and batch norm uses the batch. Default false. */
  readonly train?: boolean;
  /** Sees the input and output of every layer with weights, by its path (`layers.0`). */
  readonly tap?: (path: string, input: Tensor, output: Tensor) => void;
  /** Gets new values of tensors that are not trained by gradients (batch norm's running statistics), by full name. */
  readonly update?: (name: string, value: Tensor) => void;
  /**
   * Computes a linear layer in place of `x Wᵀ + b`, e.g. with an adapter; `undefined` leaves it to the layer.
   * `x` is `[…, in]`, `weight` `[out, in]`, `bias` `[out]` or `undefined`.
   */
  readonly linear?: (path: string, x: Tensor, weight: Tensor, bias: Tensor | undefined) => Tensor | undefined;
  /** Computes a convolution in place of the layer, as `linear` does; `x` is `[N, C, H, W]`. */
  readonly conv?: (
    path: string,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | undefined,
    options: ConvOptions,
  ) => Tensor | undefined;
  /** Keys and values of earlier positions, while text is generated. */
  readonly cache?: KeyValueCache;
  /** int32 `[T]`: where the tokens stand in the text; default 0 … T - 1. Needed with a cache. */
  readonly positions?: Tensor;
}

/** The forward pass alone: `apply(params, x)`. */
export type Apply = (params: StateDict, x: Tensor, ctx?: ApplyContext) => Tensor;

/** A network: plain data that says what it is, a way to make its weights, and the forward pass. */
export interface Model {
  /** What the model is, as JSON; two models of equal `config` compute the same function of their weights. */
  readonly config: ModelConfig;
  /** Fresh weights; the same key gives the same weights. */
  init(key: Key): StateDict;
  /** The output for a batch `x`; rows are independent unless a layer says otherwise. */
  apply(params: StateDict, x: Tensor, ctx?: ApplyContext): Tensor;
}

/** A model from int32 tokens `[B, T]` to logits `[B, T, vocabulary]`, where position t sees positions up to t. */
export interface LanguageModel extends Model {
  readonly config: ModelConfig & { readonly vocabulary: number; readonly context: number };
}

/** `type` names the family; the other fields are its options. */
export interface ModelConfig {
  readonly type: string;
  readonly [option: string]: unknown;
}
