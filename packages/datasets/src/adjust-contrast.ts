import { checkImages, checkNumber } from './internal/guards.js';

export interface AdjustContrastOptions {
  /** Factor on the distance from mid-grey, 0 or more: below 1 fades, above 1 hardens. Default 1. */
  contrast?: number;
  /** Added to every pixel. Default 0. */
  brightness?: number;
}

/**
 * Change contrast and brightness.
 *
 * `out = clip((in - 0.5) · contrast + 0.5 + brightness, 0, 1)`
 *
 * @param images - shape `[n, 64]`, left unchanged
 * @returns a new array, shape `[n, 64]`
 * @throws {RangeError} when an option is out of range, or `images` is not whole finite 8×8 images
 */
export function adjustContrast(
  images: Float32Array,
  options: AdjustContrastOptions,
): Float32Array<ArrayBuffer> {
  const { contrast = 1, brightness = 0 } = options;
  checkImages('adjustContrast', images);
  checkNumber('adjustContrast', 'contrast', contrast, 0);
  checkNumber('adjustContrast', 'brightness', brightness);
  return Float32Array.from(images, (value) =>
    Math.min(1, Math.max(0, (value - 0.5) * contrast + 0.5 + brightness)),
  );
}
