import { checkImages, checkNumber, PIXELS, SIDE } from './internal/guards.js';

export interface RotateDigitsOptions {
  /** Angle in degrees, counter-clockwise as one looks at the digit. */
  degrees: number;
}

/**
 * Turn every image about its centre (between the four middle pixels), bilinear, with 0 outside.
 *
 * Each output pixel takes the input at the place it came from; a place between pixels mixes its four neighbours,
 * of which those outside the image count as 0.
 *
 * @param images - shape `[n, 64]`, left unchanged
 * @returns a new array, shape `[n, 64]`
 * @throws {RangeError} when `degrees` is not finite, or `images` is not whole finite 8×8 images
 */
export function rotateDigits(images: Float32Array, options: RotateDigitsOptions): Float32Array<ArrayBuffer> {
  const { degrees } = options;
  checkImages('rotateDigits', images);
  checkNumber('rotateDigits', 'degrees', degrees);
  const cosine = Math.cos((degrees * Math.PI) / 180);
  const sine = Math.sin((degrees * Math.PI) / 180);
  const centre = (SIDE - 1) / 2;
  const out = new Float32Array(images.length);
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    const x = (pixel % SIDE) - centre;
    const y = Math.floor(pixel / SIDE) - centre;
    const taps = bilinearTaps(centre + x * cosine - y * sine, centre + x * sine + y * cosine);
    for (let start = 0; start < images.length; start += PIXELS) {
      let value = 0;
      for (const { index, weight } of taps) value += weight * images[start + index]!;
      out[start + pixel] = value;
    }
  }
  return out;
}

/** The pixels inside the image around a place, each with its share; shares sum to 1 inside the image. */
function bilinearTaps(x: number, y: number): { index: number; weight: number }[] {
  const left = Math.floor(x);
  const top = Math.floor(y);
  const taps = [];
  for (const row of [top, top + 1]) {
    for (const column of [left, left + 1]) {
      const weight = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
      const inside = row >= 0 && row < SIDE && column >= 0 && column < SIDE;
      if (inside && weight > 0) taps.push({ index: row * SIDE + column, weight });
    }
  }
  return taps;
}
