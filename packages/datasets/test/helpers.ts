import fc from 'fast-check';

/** One black 8×8 image with a single pixel of the given grey at column `x`, row `y`. */
export function dot(x: number, y: number, grey = 1): Float32Array<ArrayBuffer> {
  const image = new Float32Array(64);
  image[y * 8 + x] = grey;
  return image;
}

/** Up to three images of grey values in `[0, 1]`. */
export const imagesArbitrary = fc
  .array(fc.float32Array({ min: 0, max: 1, noNaN: true, minLength: 64, maxLength: 64 }), { maxLength: 3 })
  .map((images) => Float32Array.from(images.flatMap((image) => [...image])));

/** A small generator for tests: Park and Miller's minimal standard, uniform in `[0, 1)`. */
export function parkMiller(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return (state - 1) / 2147483646;
  };
}
