import { checkCount, checkPositive, refuse } from '../internal/checks.js';
import { type Activation, activationOf } from '../layers/activations.js';
import { rmsNorm } from '../layers/normalization.js';
import { type RopeScaling, scaleFrequency } from '../layers/rope-scaling.js';
import { ropeTable } from '../layers/rope.js';
import type { BlockNames } from '../layers/transformer-block.js';
import { type Decoder, decoder } from './decoder.js';
import { blockSpecs, linearSpecs, normSpecs, STD } from './weight-spec.js';

export interface LlamaOptions {
  readonly vocabulary: number;
  /** Longest text, in tokens. */
  readonly context: number;
  readonly width: number;
  /** Width of the gated feed-forward layers. */
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values; divides `heads`; default `heads`. */
  readonly kvHeads?: number;
  /** Width of a head, even; default `width / heads`. */
  readonly headSize?: number;
  /** Default `silu`. */
  readonly activation?: Activation;
  /** Of the root mean square norm; default 1e-6. */
  readonly epsilon?: number;
  /** Base of the rotary angles; default 10000. */
  readonly ropeBase?: number;
  /** Stretches the rotary angles to longer texts; default not at all. */
  readonly ropeScaling?: RopeScaling;
  /**
   * Sliding windows: how many positions one sees, itself included, in all layers or per layer (`null`: all that are earlier);
   * default all.
   */
  readonly window?: number | readonly (number | null)[];
  /** Biases of queries, keys and values, of the attention's output, and of the feed-forward layers; default none. */
  readonly biases?: { readonly query: boolean; readonly output: boolean; readonly mlp: boolean };
  /** Whether the token embedding gives the logits; default false: there is `lm_head.weight`. */
  readonly tied?: boolean;
}

/**
 * Llama and its relatives (Mistral, Qwen2) in the names of Hugging Face: `model.embed_tokens`, `model.layers.<i>.{input_layernorm,
 * self_attn.{q,k,v,o}_proj, post_attention_layernorm, mlp.{gate,up,down}_proj}`, `model.norm`, `lm_head`.
 *
 * `apply` takes int32 tokens `[B, T]` and gives logits `[B, T, vocabulary]`.
 *
 * @see Touvron et al. 2023, "LLaMA", arXiv:2302.13971
 */
export function llama({
  vocabulary,
  context,
  width,
  hidden,
  layers,
  heads,
  kvHeads = heads,
  headSize = width / heads,
  activation = 'silu',
  epsilon = 1e-6,
  ropeBase = 10000,
  ropeScaling,
  window,
  biases = { query: false, output: false, mlp: false },
  tied = false,
}: LlamaOptions): Decoder {
  for (const [name, value] of Object.entries({
    vocabulary,
    context,
    width,
    hidden,
    layers,
    heads,
    kvHeads,
  })) {
    checkCount('llama', name, value);
  }
  checkPositive('llama', 'epsilon', epsilon);
  checkPositive('llama', 'ropeBase', ropeBase);
  if (heads % kvHeads !== 0) refuse('llama', `kvHeads that divide ${heads} heads`, kvHeads);
  if (!Number.isInteger(headSize) || headSize < 2 || headSize % 2 !== 0) {
    refuse('llama', 'an even whole headSize', headSize);
  }
  const windows = typeof window === 'number' ? new Array<number>(layers).fill(window) : window;
  if (windows && windows.length !== layers)
    refuse('llama', `a window for each of ${layers} layers`, windows.length);
  for (const size of windows ?? []) if (size !== null) checkCount('llama', 'window', size);
  const blocks = Array.from({ length: layers }, (_, i) => llamaNames(`model.layers.${i}`));
  const sizes = {
    width,
    hidden,
    layers,
    queryWidth: heads * headSize,
    kvWidth: kvHeads * headSize,
    biases: { norm: false, ...biases },
  };
  return decoder({
    config: {
      type: 'llama',
      vocabulary,
      context,
      width,
      hidden,
      layers,
      heads,
      kvHeads,
      headSize,
      activation,
      epsilon,
      ropeBase,
      ropeScaling: ropeScaling ?? null,
      ...(windows && { windows }),
      biases,
      tied,
    },
    weights: [
      { name: 'model.embed_tokens.weight', shape: [vocabulary, width], start: { std: STD } },
      ...blocks.flatMap((names) => blockSpecs(names, sizes)),
      ...normSpecs('model.norm', width, false),
      ...(tied ? [] : linearSpecs('lm_head', width, vocabulary, { bias: false })),
    ],
    tokenEmbedding: 'model.embed_tokens',
    blocks,
    block: {
      heads,
      kvHeads,
      normalize: (params, path, x, ctx) => rmsNorm(params, path, x, ctx, epsilon),
      activate: activationOf('llama', activation),
      rope: ropeTable(context, headSize, ropeBase, ropeScaling && ((f) => scaleFrequency(f, ropeScaling))),
      dropout: 0,
    },
    windows,
    norm: 'model.norm',
    head: tied ? undefined : 'lm_head',
  });
}

const llamaNames = (path: string): BlockNames => ({
  attention: `${path}.self_attn`,
  projections: {
    query: `${path}.self_attn.q_proj`,
    key: `${path}.self_attn.k_proj`,
    value: `${path}.self_attn.v_proj`,
  },
  output: `${path}.self_attn.o_proj`,
  attentionNorm: `${path}.input_layernorm`,
  mlpNorm: `${path}.post_attention_layernorm`,
  gate: `${path}.mlp.gate_proj`,
  up: `${path}.mlp.up_proj`,
  down: `${path}.mlp.down_proj`,
});
