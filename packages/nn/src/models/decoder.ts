import { add, arange, DTypeError, matmul, ShapeError, type Tensor, transpose } from '@weightloom/tensor-gpu';
import { weightOf } from '../internal/dict.js';
import { dropout as drop } from '../layers/dropout.js';
import { embedding } from '../layers/embedding.js';
import { linear } from '../layers/linear.js';
import { type BlockNames, type BlockOptions, transformerBlock } from '../layers/transformer-block.js';
import type { LanguageModel } from '../model.js';
import { initWeights, type WeightSpec } from './weight-spec.js';

/** A decoder-only transformer: what its parts are called and what they do. */
export interface DecoderSpec {
  readonly config: LanguageModel['config'];
  /** Every weight, with shape and start. */
  readonly weights: readonly WeightSpec[];
  readonly tokenEmbedding: string;
  /** Learned positions, if it has them. */
  readonly positionEmbedding?: string;
  readonly blocks: readonly BlockNames[];
  readonly block: Omit<BlockOptions, 'names' | 'causal' | 'positions' | 'window'>;
  /** Per block: how many positions one sees, itself included; default all that are earlier. */
  readonly windows?: readonly (number | null)[];
  readonly norm: string;
  /** The layer that gives logits; without it the token embedding does. */
  readonly head?: string;
}

/** A language model that also tells what weights it needs. */
export interface Decoder extends LanguageModel {
  readonly weights: readonly WeightSpec[];
}

/** The forward pass all our decoders share. */
export function decoder(spec: DecoderSpec): Decoder {
  const { config, weights, tokenEmbedding, positionEmbedding, blocks, block, windows, norm, head } = spec;
  return {
    config,
    weights,
    init: (key) => initWeights(key, weights),
    apply: (params, tokens, ctx = {}) => {
      const positions = checkTokens(config.type, tokens, config.context, ctx.positions);
      const words = embedding(params, tokenEmbedding, tokens, ctx);
      const placed = positionEmbedding
        ? add(words, embedding(params, positionEmbedding, positions, ctx))
        : words;
      const out = blocks.reduce(
        (h, names, i) => {
          const window = windows?.[i] ?? undefined;
          return transformerBlock(params, h, { ...block, names, causal: true, window, positions }, ctx);
        },
        drop(tokenEmbedding, placed, block.dropout, ctx),
      );
      const last = block.normalize(params, norm, out, ctx);
      if (head) return linear(params, head, last, ctx);
      return matmul(last, transpose(weightOf(params, `${tokenEmbedding}.weight`)));
    },
  };
}

/** Refuses anything but int32 tokens `[B, T]` that fit the context; gives their positions. */
function checkTokens(where: string, tokens: Tensor, context: number, positions: Tensor | undefined): Tensor {
  if (tokens.dtype !== 'int32')
    throw new DTypeError({ where, expected: 'int32 tokens', received: tokens.dtype });
  if (tokens.rank !== 2 || tokens.shape[1] < 1 || tokens.shape[1] > context) {
    throw new ShapeError({
      where,
      expected: `tokens [B, T] with T from 1 to the context of ${context}`,
      received: `[${tokens.shape.join(', ')}]`,
    });
  }
  return positions ?? arange(tokens.shape[1]);
}
