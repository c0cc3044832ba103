import { bernoulli, flip, reshape, where } from '@weightloom/tensor-gpu';
import { refuse } from '../internal/checks.js';
import { asImages, checkImageShape, type ImageShape } from '../internal/images.js';
import type { Augmentation } from './augmentation.js';

export interface RandomFlipOptions {
  /** Channels, height and width of one image. */
  readonly input: ImageShape;
  /** Default 0.5. */
  readonly probability?: number;
}

/**
 * Mirrors images left to right, each with a probability. Takes images `[N, C, H, W]` or rows `[N, C·H·W]` and gives them back as
 * they came.
 *
 * @throws {RangeError} for a probability outside [0, 1]; {ShapeError} for inputs of another size than `input`
 */
export function randomFlip({ input, probability = 0.5 }: RandomFlipOptions): Augmentation {
  checkImageShape('randomFlip', input);
  if (!(probability >= 0 && probability <= 1)) refuse('randomFlip', 'probability from 0 to 1', probability);
  return (inputs, key) => {
    const images = asImages('randomFlip', inputs, input);
    const chosen = bernoulli(key, probability, [images.shape[0], 1, 1, 1]);
    return reshape(where(chosen, flip(images, -1), images), inputs.shape);
  };
}
