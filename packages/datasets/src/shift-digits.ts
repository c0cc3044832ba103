import { addGaussianNoise, type AddGaussianNoiseOptions } from './add-gaussian-noise.js';
import { adjustContrast, type AdjustContrastOptions } from './adjust-contrast.js';
import { rotateDigits, type RotateDigitsOptions } from './rotate-digits.js';
import { translateDigits, type TranslateDigitsOptions } from './translate-digits.js';

/** What to change; anything left out stays as it is. */
export interface ShiftDigitsOptions
  extends Partial<RotateDigitsOptions>, TranslateDigitsOptions, AdjustContrastOptions {
  noise?: AddGaussianNoiseOptions;
}

/**
 * Make a shifted test distribution of digits: turn, then move, then change contrast and brightness, then add noise.
 *
 * @param images - shape `[n, 64]`, left unchanged
 * @returns a new array, shape `[n, 64]`
 * @throws {RangeError} as the four steps do
 */
export function shiftDigits(images: Float32Array, options: ShiftDigitsOptions): Float32Array<ArrayBuffer> {
  const { degrees = 0, dx, dy, contrast, brightness, noise } = options;
  const moved = translateDigits(rotateDigits(images, { degrees }), { dx, dy });
  const toned =
    contrast === undefined && brightness === undefined
      ? moved
      : adjustContrast(moved, { contrast, brightness });
  return noise ? addGaussianNoise(toned, noise) : toned;
}
