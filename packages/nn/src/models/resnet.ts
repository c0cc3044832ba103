import { add, mean, relu, type Tensor } from '@weightloom/tensor-gpu';
import { checkCount, refuse } from '../internal/checks.js';
import { dictOf } from '../internal/dict.js';
import { asImages, checkImageShape, type ImageShape } from '../internal/images.js';
import { type ChannelNorm, channelNormOf } from '../layers/channel-norm.js';
import { conv, initConv } from '../layers/conv.js';
import { initLinear, linear } from '../layers/linear.js';
import type { ApplyContext, Model, StateDict } from '../model.js';

export interface ResnetOptions {
  /** Channels, height and width of one image. */
  readonly input: ImageShape;
  readonly classes: number;
  /** Channels of each stage; every stage after the first halves height and width. Default [16, 32, 64]. */
  readonly widths?: readonly number[];
  /** Residual blocks in each stage; default 1 (two convolutions each). */
  readonly blocks?: number;
  /** Default `batch`. */
  readonly norm?: Exclude<ChannelNorm, 'none'>;
  /** Groups of `norm: 'group'`; divides every width; default 4. */
  readonly groups?: number;
}

/** One residual block: where it is, and what it does to the channels. */
interface Block {
  readonly path: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
}

/**
 * A residual network for small images (3×3 stem without pooling) in torchvision's names: `conv1`, `bn1`,
 * `layer<s>.<b>.{conv1,bn1,conv2,bn2,downsample.0,downsample.1}`, `fc`. Group norm keeps the `bn` names, as torchvision does.
 *
 * `apply` takes images `[N, C, H, W]` or rows `[N, C·H·W]` and gives logits `[N, classes]`.
 *
 * @see He et al. 2016, "Deep Residual Learning for Image Recognition", arXiv:1512.03385 (basic blocks)
 */
export function resnet({
  input,
  classes,
  widths = [16, 32, 64],
  blocks = 1,
  norm = 'batch',
  groups = 4,
}: ResnetOptions): Model {
  checkImageShape('resnet', input);
  checkCount('resnet', 'classes', classes);
  checkCount('resnet', 'blocks', blocks);
  if (widths.length === 0) refuse('resnet', 'at least one stage in widths', '[]');
  widths.forEach((w, i) => {
    checkCount('resnet', `widths[${i}]`, w);
    if (norm === 'group' && w % groups !== 0)
      refuse('resnet', `widths[${i}] to divide by ${groups} groups`, w);
  });
  const normalize = channelNormOf('resnet', norm, groups);
  const list = widths.flatMap((outputs, s) =>
    Array.from({ length: blocks }, (_, b): Block => ({
      path: `layer${s + 1}.${b}`,
      inputs: b > 0 ? outputs : (widths[s - 1] ?? widths[0]),
      outputs,
      stride: s > 0 && b === 0 ? 2 : 1,
    })),
  );
  const projects = ({ inputs, outputs, stride }: Block): boolean => stride > 1 || inputs !== outputs;
  const plain = { bias: false, start: 'heNormal' } as const;

  const applyBlock = (params: StateDict, block: Block, x: Tensor, ctx?: ApplyContext): Tensor => {
    const { path, stride } = block;
    const first = conv(params, `${path}.conv1`, x, { padding: 1, stride }, ctx);
    const inner = relu(normalize.apply(params, `${path}.bn1`, first, ctx));
    const second = conv(params, `${path}.conv2`, inner, { padding: 1 }, ctx);
    const branch = normalize.apply(params, `${path}.bn2`, second, ctx);
    if (!projects(block)) return relu(add(branch, x));
    const skip = conv(params, `${path}.downsample.0`, x, { stride }, ctx);
    return relu(add(branch, normalize.apply(params, `${path}.downsample.1`, skip, ctx)));
  };

  return {
    config: { type: 'resnet', input: [...input], classes, widths: [...widths], blocks, norm, groups },
    init: (key) =>
      dictOf([
        ...initConv(key, 'conv1', input[0], widths[0], 3, plain),
        ...normalize.init('bn1', widths[0]),
        ...list.flatMap((block) => {
          const { path, inputs, outputs } = block;
          return [
            ...initConv(key, `${path}.conv1`, inputs, outputs, 3, plain),
            ...normalize.init(`${path}.bn1`, outputs),
            ...initConv(key, `${path}.conv2`, outputs, outputs, 3, plain),
            ...normalize.init(`${path}.bn2`, outputs),
            ...(projects(block)
              ? [
                  ...initConv(key, `${path}.downsample.0`, inputs, outputs, 1, plain),
                  ...normalize.init(`${path}.downsample.1`, outputs),
                ]
              : []),
          ];
        }),
        ...initLinear(key, 'fc', widths.at(-1)!, classes),
      ]),
    apply: (params, x, ctx) => {
      const stem = conv(params, 'conv1', asImages('resnet', x, input), { padding: 1 }, ctx);
      const start = relu(normalize.apply(params, 'bn1', stem, ctx));
      const features = list.reduce((h, block) => applyBlock(params, block, h, ctx), start);
      return linear(params, 'fc', mean(features, { axis: [2, 3] }), ctx);
    },
  };
}
