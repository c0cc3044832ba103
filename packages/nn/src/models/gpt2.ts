import { type Tensor, transpose } from '@weightloom/tensor-gpu';
import { checkCount, checkFraction, checkPositive, refuse } from '../internal/checks.js';
import { weightOf } from '../internal/dict.js';
import { type Activation, activationOf } from '../layers/activations.js';
import { linearOf } from '../layers/linear.js';
import { layerNorm } from '../layers/normalization.js';
import type { BlockNames } from '../layers/transformer-block.js';
import type { ApplyContext, StateDict } from '../model.js';
import { type Decoder, decoder } from './decoder.js';
import { blockSpecs, linearSpecs, normSpecs, STD } from './weight-spec.js';

export interface Gpt2Options {
  readonly vocabulary: number;
  /** Longest text, in tokens. */
  readonly context: number;
  readonly width: number;
  readonly layers: number;
  /** Divides `width`. */
  readonly heads: number;
  /** Default `4 · width`. */
  readonly hidden?: number;
  /** Default `geluTanh`, which GPT-2 calls `gelu_new`. */
  readonly activation?: Activation;
  /** Of layer norm; default 1e-5. */
  readonly epsilon?: number;
  /** Whether the token embedding gives the logits; default true. Otherwise there is `lm_head.weight`. */
  readonly tied?: boolean;
  /** Before every name but `lm_head`, as Transformers saves models with a head; default `transformer.`. */
  readonly prefix?: string;
  /** Default 0. */
  readonly dropout?: number;
}

/**
 * GPT-2 in the names of Hugging Face: `wte`, `wpe`, `h.<i>.{ln_1, attn.c_attn, attn.c_proj, ln_2, mlp.c_fc, mlp.c_proj}`, `ln_f` behind
 * a prefix. Its linear weights are stored `[in, out]`, and queries, keys and values in one layer, as the original does; `ctx.linear`
 * still sees them `[out, in]`.
 *
 * `apply` takes int32 tokens `[B, T]` and gives logits `[B, T, vocabulary]`.
 */
export function gpt2({
  vocabulary,
  context,
  width,
  layers,
  heads,
  hidden = 4 * width,
  activation = 'geluTanh',
  epsilon = 1e-5,
  tied = true,
  prefix = 'transformer.',
  dropout = 0,
}: Gpt2Options): Decoder {
  for (const [name, value] of Object.entries({ vocabulary, context, width, layers, heads, hidden })) {
    checkCount('gpt2', name, value);
  }
  checkPositive('gpt2', 'epsilon', epsilon);
  checkFraction('gpt2', 'dropout', dropout);
  if (width % heads !== 0) refuse('gpt2', `width that divides by ${heads} heads`, width);
  const blocks = Array.from({ length: layers }, (_, i) => gpt2Names(`${prefix}h.${i}`));
  return decoder({
    config: {
      type: 'gpt2',
      vocabulary,
      context,
      width,
      layers,
      heads,
      hidden,
      activation,
      epsilon,
      tied,
      prefix,
      dropout,
    },
    weights: [
      { name: `${prefix}wte.weight`, shape: [vocabulary, width], start: { std: STD } },
      { name: `${prefix}wpe.weight`, shape: [context, width], start: { std: STD } },
      ...blocks.flatMap((names) => blockSpecs(names, { width, hidden, layers, transposed: true })),
      ...normSpecs(`${prefix}ln_f`, width, true),
      ...(tied ? [] : linearSpecs('lm_head', width, vocabulary, { bias: false })),
    ],
    tokenEmbedding: `${prefix}wte`,
    positionEmbedding: `${prefix}wpe`,
    blocks,
    block: {
      heads,
      normalize: (params, path, x, ctx) => layerNorm(params, path, x, ctx, epsilon),
      activate: activationOf('gpt2', activation),
      project: transposedLinear,
      dropout,
    },
    norm: `${prefix}ln_f`,
    head: tied ? undefined : 'lm_head',
  });
}

const gpt2Names = (path: string): BlockNames => ({
  attention: `${path}.attn`,
  projections: { fused: `${path}.attn.c_attn` },
  output: `${path}.attn.c_proj`,
  attentionNorm: `${path}.ln_1`,
  mlpNorm: `${path}.ln_2`,
  up: `${path}.mlp.c_fc`,
  down: `${path}.mlp.c_proj`,
});

/** A linear layer whose weight is stored `[in, out]`. */
const transposedLinear = (params: StateDict, path: string, x: Tensor, ctx?: ApplyContext): Tensor =>
  linearOf(path, x, transpose(weightOf(params, `${path}.weight`)), params[`${path}.bias`], ctx);
