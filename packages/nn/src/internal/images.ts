import { reshape, ShapeError, type Tensor } from '@weightloom/tensor-gpu';
import { checkCount } from './checks.js';

/** Channels, height and width of an image. */
export type ImageShape = readonly [channels: number, height: number, width: number];

export function checkImageShape(where: string, input: ImageShape): void {
  ['channels', 'height', 'width'].forEach((name, i) => checkCount(where, `input ${name}`, input[i]));
}

/** A batch of images `[N, C, H, W]`, also from rows `[N, C·H·W]`. */
export function asImages(where: string, x: Tensor, [c, h, w]: ImageShape): Tensor {
  if (x.rank === 2 && x.shape[1] === c * h * w) return reshape(x, [x.shape[0], c, h, w]);
  if (x.rank === 4 && x.shape[1] === c && x.shape[2] === h && x.shape[3] === w) return x;
  throw new ShapeError({
    where,
    expected: `images [N, ${c}, ${h}, ${w}] or rows [N, ${c * h * w}]`,
    received: `[${x.shape.join(', ')}]`,
  });
}
