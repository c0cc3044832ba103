import { add, broadcastTo, concat, reshape, slice, type Tensor, transpose } from '@weightloom/tensor-gpu';
import { checkCount, checkFraction, refuse } from '../internal/checks.js';
import { dictOf, weightOf } from '../internal/dict.js';
import { asImages, checkImageShape, type ImageShape } from '../internal/images.js';
import { activationOf } from '../layers/activations.js';
import { conv, initConv } from '../layers/conv.js';
import { dropout as drop } from '../layers/dropout.js';
import { linear } from '../layers/linear.js';
import { layerNorm } from '../layers/normalization.js';
import { blockNames, transformerBlock } from '../layers/transformer-block.js';
import type { Model } from '../model.js';
import { blockSpecs, initWeights, linearSpecs, normSpecs, STD, type WeightSpec } from './weight-spec.js';

export interface VitOptions {
  /** Channels, height and width of one image. */
  readonly input: ImageShape;
  /** Side of a patch; divides height and width. */
  readonly patch: number;
  readonly classes: number;
  /** Default 64. */
  readonly width?: number;
  /** Blocks; default 2. */
  readonly layers?: number;
  /** Heads; divides `width`; default 4. */
  readonly heads?: number;
  /** Width of the feed-forward layers; default `4 · width`. */
  readonly hidden?: number;
  /** Default 0. */
  readonly dropout?: number;
}

/**
 * A vision transformer: patches as tokens, a class token, learned positions, pre-norm blocks with exact GELU, logits from the class
 * token. Weights `patch_embedding.*`, `class_token` `[1, 1, D]`, `position_embedding.weight` `[patches + 1, D]`,
 * `layers.<i>.{attention_norm, attention.{q,k,v,out}_proj, mlp_norm, mlp.{up,down}_proj}`, `norm`, `head`.
 *
 * `apply` takes images `[N, C, H, W]` or rows `[N, C·H·W]` and gives logits `[N, classes]`.
 *
 * @see Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words", arXiv:2010.11929
 */
export function vit({
  input,
  patch,
  classes,
  width = 64,
  layers = 2,
  heads = 4,
  hidden = 4 * width,
  dropout = 0,
}: VitOptions): Model {
  checkImageShape('vit', input);
  for (const [name, value] of Object.entries({ patch, classes, width, layers, heads, hidden })) {
    checkCount('vit', name, value);
  }
  checkFraction('vit', 'dropout', dropout);
  if (width % heads !== 0) refuse('vit', `width that divides by ${heads} heads`, width);
  if (input[1] % patch !== 0 || input[2] % patch !== 0) {
    refuse('vit', `height and width that divide by patches of ${patch}`, `${input[1]}×${input[2]}`);
  }
  const patches = (input[1] / patch) * (input[2] / patch);
  const names = Array.from({ length: layers }, (_, i) => blockNames(i));
  const block = {
    heads,
    causal: false,
    normalize: layerNorm,
    activate: activationOf('vit', 'gelu'),
    dropout,
  };
  const weights: WeightSpec[] = [
    { name: 'class_token', shape: [1, 1, width], start: { std: STD } },
    { name: 'position_embedding.weight', shape: [patches + 1, width], start: { std: STD } },
    ...names.flatMap((n) => blockSpecs(n, { width, hidden, layers })),
    ...normSpecs('norm', width, true),
    ...linearSpecs('head', width, classes, { bias: true }),
  ];
  return {
    config: { type: 'vit', input: [...input], patch, classes, width, layers, heads, hidden, dropout },
    init: (key) =>
      dictOf([
        ...initConv(key, 'patch_embedding', input[0], width, patch),
        ...Object.entries(initWeights(key, weights)),
      ]),
    apply: (params, x, ctx) => {
      const n = x.shape[0];
      const grid = conv(params, 'patch_embedding', asImages('vit', x, input), { stride: patch }, ctx);
      const tokens = transpose(reshape(grid, [n, width, patches]), [0, 2, 1]);
      const start = broadcastTo(weightOf(params, 'class_token'), [n, 1, width]);
      const placed = add(concat([start, tokens], 1), weightOf(params, 'position_embedding.weight'));
      const out = names.reduce(
        (h, name) => transformerBlock(params, h, { ...block, names: name }, ctx),
        drop('embedding', placed, dropout, ctx),
      );
      return linear(params, 'head', layerNorm(params, 'norm', classToken(out), ctx), ctx);
    },
  };
}

/** `[N, T, D] → [N, D]`: the first token. */
const classToken = (x: Tensor): Tensor =>
  reshape(slice(x, [0, 0, 0], [x.shape[0], 1, x.shape[2]]), [x.shape[0], x.shape[2]]);
