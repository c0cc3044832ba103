import { checkImages, PIXELS, SIDE } from './internal/guards.js';

export interface TranslateDigitsOptions {
  /** Whole pixels to the right; negative moves left. Default 0. */
  dx?: number;
  /** Whole pixels down; negative moves up. Default 0. */
  dy?: number;
}

/**
 * Move every image by whole pixels; what enters from outside is 0, what leaves is lost.
 *
 * `out[y, x] = in[y - dy, x - dx]`
 *
 * @param images - shape `[n, 64]`, left unchanged
 * @returns a new array, shape `[n, 64]`
 * @throws {RangeError} when `dx` or `dy` is not a whole number, or `images` is not whole finite 8×8 images
 */
export function translateDigits(
  images: Float32Array,
  options: TranslateDigitsOptions,
): Float32Array<ArrayBuffer> {
  const { dx = 0, dy = 0 } = options;
  checkImages('translateDigits', images);
  for (const [name, value] of Object.entries({ dx, dy })) {
    if (Number.isInteger(value)) continue;
    throw new RangeError(`translateDigits: ${name} is ${value}, expected a whole number of pixels`);
  }
  const out = new Float32Array(images.length);
  for (let start = 0; start < images.length; start += PIXELS) {
    for (let y = Math.max(0, dy); y < Math.min(SIDE, SIDE + dy); y++) {
      for (let x = Math.max(0, dx); x < Math.min(SIDE, SIDE + dx); x++) {
        out[start + y * SIDE + x] = images[start + (y - dy) * SIDE + (x - dx)]!;
      }
    }
  }
  return out;
}
