import { checkCount, checkFraction, checkPositive, refuse } from '../internal/checks.js';
import { activationOf } from '../layers/activations.js';
import { layerNorm } from '../layers/normalization.js';
import { ropeTable } from '../layers/rope.js';
import { blockNames } from '../layers/transformer-block.js';
import type { LanguageModel } from '../model.js';
import { decoder } from './decoder.js';
import { blockSpecs, linearSpecs, normSpecs, STD } from './weight-spec.js';

export interface GptOptions {
  /** Number of tokens; default 256: bytes. */
  readonly vocabulary?: number;
  /** Longest text, in tokens. */
  readonly context: number;
  /** Default 128. */
  readonly width?: number;
  /** Blocks; default 2. */
  readonly layers?: number;
  /** Heads; divides `width`; default 4. */
  readonly heads?: number;
  /** Width of the feed-forward layers; default `4 · width`. */
  readonly hidden?: number;
  /** `learned` adds a vector per position, `rope` rotates queries and keys; default `learned`. */
  readonly positions?: 'learned' | 'rope';
  /** Base of the rotary angles; default 10000. */
  readonly ropeBase?: number;
  /** Whether the output uses the token embedding transposed; default true. Otherwise there is `head.weight`. */
  readonly tied?: boolean;
  /** Default 0. */
  readonly dropout?: number;
}

/**
 * A decoder-only transformer in the manner of GPT-2 (pre-norm, tanh GELU). Weights `token_embedding.weight` `[V, D]`,
 * `position_embedding.weight` `[context, D]` (with learned positions),
 * `layers.<i>.{attention_norm, attention.{q,k,v,out}_proj, mlp_norm, mlp.{up,down}_proj}`, `norm`, and `head.weight` when not tied.
 *
 * `apply` takes int32 tokens `[B, T]`, T ≤ context, and gives logits `[B, T, V]`; a token out of range is refused when it runs.
 *
 * @see Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"
 */
export function gpt({
  vocabulary = 256,
  context,
  width = 128,
  layers = 2,
  heads = 4,
  hidden = 4 * width,
  positions = 'learned',
  ropeBase = 10000,
  tied = true,
  dropout = 0,
}: GptOptions): LanguageModel {
  for (const [name, value] of Object.entries({ vocabulary, context, width, layers, heads, hidden })) {
    checkCount('gpt', name, value);
  }
  checkFraction('gpt', 'dropout', dropout);
  checkPositive('gpt', 'ropeBase', ropeBase);
  if (positions !== 'learned' && positions !== 'rope') refuse('gpt', 'positions learned or rope', positions);
  if (width % heads !== 0) refuse('gpt', `width that divides by ${heads} heads`, width);
  if (positions === 'rope' && (width / heads) % 2 !== 0)
    refuse('gpt', 'an even width of heads with rope', width / heads);
  const blocks = Array.from({ length: layers }, (_, i) => blockNames(i));
  return decoder({
    config: {
      type: 'gpt',
      vocabulary,
      context,
      width,
      layers,
      heads,
      hidden,
      positions,
      ropeBase,
      tied,
      dropout,
    },
    weights: [
      { name: 'token_embedding.weight', shape: [vocabulary, width], start: { std: STD } },
      ...(positions === 'learned'
        ? [{ name: 'position_embedding.weight', shape: [context, width], start: { std: STD } }]
        : []),
      ...blocks.flatMap((names) => blockSpecs(names, { width, hidden, layers })),
      ...normSpecs('norm', width, true),
      ...(tied ? [] : linearSpecs('head', width, vocabulary, { bias: false })),
    ],
    tokenEmbedding: 'token_embedding',
    positionEmbedding: positions === 'learned' ? 'position_embedding' : undefined,
    blocks,
    block: {
      heads,
      normalize: layerNorm,
      activate: activationOf('gpt', 'geluTanh'),
      dropout,
      rope: positions === 'rope' ? ropeTable(context, width / heads, ropeBase) : undefined,
    },
    norm: 'norm',
    head: tied ? undefined : 'head',
  });
}
