import {
  add,
  arange,
  cast,
  equal,
  expandDims,
  matmul,
  randomInt,
  reshape,
  split,
  type Tensor,
  transpose,
} from '@weightloom/tensor-gpu';
import { checkCount } from '../internal/checks.js';
import { asImages, checkImageShape, type ImageShape } from '../internal/images.js';
import type { Augmentation } from './augmentation.js';

export interface RandomTranslateOptions {
  /** Channels, height and width of one image. */
  readonly input: ImageShape;
  /** Largest shift along each axis, in whole pixels. */
  readonly pixels: number;
}

/**
 * Moves every image by whole pixels, each axis by a whole number drawn evenly from -pixels to +pixels; zeros enter. Takes images
 * `[N, C, H, W]` or rows `[N, C·H·W]` and gives them back as they came.
 *
 * @throws {RangeError} for `pixels` that is no whole number of at least 0; {ShapeError} for inputs of another size than `input`
 */
export function randomTranslate({ input, pixels }: RandomTranslateOptions): Augmentation {
  checkImageShape('randomTranslate', input);
  checkCount('randomTranslate', 'pixels', pixels, 0);
  const [, height, width] = input;
  return (inputs, key) => {
    const images = asImages('randomTranslate', inputs, input);
    const [down, right] = split(key).map((k) => randomInt(k, [images.shape[0]], -pixels, pixels + 1));
    const moved = matmul(
      matmul(shiftMatrix(down, height), images),
      transpose(shiftMatrix(right, width), [0, 1, 3, 2]),
    );
    return reshape(moved, inputs.shape);
  };
}

/** `[N, 1, size, size]`: one at row i, column i + shift of the example. */
function shiftMatrix(shift: Tensor, size: number): Tensor {
  const source = add(expandDims(shift, -1), arange(size));
  return expandDims(cast(equal(expandDims(source, -1), arange(size)), 'float32'), 1);
}
