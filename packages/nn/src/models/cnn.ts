import { maxPool2d, reshape } from '@weightloom/tensor-gpu';
import { checkCount, refuse } from '../internal/checks.js';
import { dictOf } from '../internal/dict.js';
import { asImages, checkImageShape, type ImageShape } from '../internal/images.js';
import { type Activation, activationOf } from '../layers/activations.js';
import { type ChannelNorm, channelNormOf } from '../layers/channel-norm.js';
import { conv, initConv } from '../layers/conv.js';
import { initLinear, linear } from '../layers/linear.js';
import type { Model } from '../model.js';

export interface CnnOptions {
  /** Channels, height and width of one image. */
  readonly input: ImageShape;
  /** Output channels of each convolution; every one halves height and width. */
  readonly channels: readonly number[];
  /** Widths of linear layers before the last; default none. */
  readonly hidden?: readonly number[];
  readonly classes: number;
  /** Default `none`. */
  readonly norm?: ChannelNorm;
  /** Groups of `norm: 'group'`; divides every entry of `channels`; default 4. */
  readonly groups?: number;
  /** Default `relu`. */
  readonly activation?: Activation;
}

/**
 * A plain convolutional network: blocks of 3×3 convolution (padding 1), normalisation, activation and 2×2 max pooling, then linear
 * layers. Weights `features.<i>.conv.*`, `features.<i>.norm.*` and `classifier.<j>.*`.
 *
 * `apply` takes images `[N, C, H, W]` or rows `[N, C·H·W]` and gives logits `[N, classes]`. Convolutions start as PyTorch's.
 *
 * @throws {RangeError} when the image is too small for that many halvings, or `groups` does not divide the channels
 */
export function cnn({
  input,
  channels,
  hidden = [],
  classes,
  norm = 'none',
  groups = 4,
  activation = 'relu',
}: CnnOptions): Model {
  checkImageShape('cnn', input);
  checkCount('cnn', 'classes', classes);
  if (channels.length === 0) refuse('cnn', 'at least one convolution in channels', '[]');
  channels.forEach((c, i) => {
    checkCount('cnn', `channels[${i}]`, c);
    if (norm === 'group' && c % groups !== 0)
      refuse('cnn', `channels[${i}] to divide by ${groups} groups`, c);
  });
  hidden.forEach((h, i) => checkCount('cnn', `hidden[${i}]`, h));
  const activate = activationOf('cnn', activation);
  const normalize = channelNormOf('cnn', norm, groups);
  const [height, width] = [input[1], input[2]].map((size) => channels.reduce((s) => Math.floor(s / 2), size));
  if (height < 1 || width < 1) {
    refuse('cnn', `an image that can be halved ${channels.length} times`, `${input[1]}×${input[2]}`);
  }
  const inputs = [input[0], ...channels];
  const sizes = [channels.at(-1)! * height * width, ...hidden, classes];
  return {
    config: {
      type: 'cnn',
      input: [...input],
      channels: [...channels],
      hidden: [...hidden],
      classes,
      norm,
      groups,
      activation,
    },
    init: (key) =>
      dictOf([
        ...channels.flatMap((c, i) => [
          ...initConv(key, `features.${i}.conv`, inputs[i], c, 3),
          ...normalize.init(`features.${i}.norm`, c),
        ]),
        ...sizes.slice(1).flatMap((size, j) => initLinear(key, `classifier.${j}`, sizes[j], size)),
      ]),
    apply: (params, x, ctx) => {
      let h = asImages('cnn', x, input);
      for (let i = 0; i < channels.length; i++) {
        const out = conv(params, `features.${i}.conv`, h, { padding: 1 }, ctx);
        h = maxPool2d(activate(normalize.apply(params, `features.${i}.norm`, out, ctx)), 2);
      }
      h = reshape(h, [x.shape[0], sizes[0]]);
      for (let j = 0; j < sizes.length - 1; j++) {
        h = linear(params, `classifier.${j}`, h, ctx);
        if (j < sizes.length - 2) h = activate(h);
      }
      return h;
    },
  };
}
