import { checkImages, checkNumber } from './internal/guards.js';

export interface AddGaussianNoiseOptions {
  /** Standard deviation of the noise, 0 or more, in grey values (1 is the whole range). */
  standardDeviation: number;
  /** Uniform draws in `[0, 1)`; two for every two pixels. The same draws give the same noise. */
  random: () => number;
}

/**
 * Add independent Gaussian noise to every pixel and clip to `[0, 1]`.
 *
 * `out = clip(in + σ z, 0, 1)`, with pairs of `z` by Box and Muller:
 * `z₀ = √(-2 ln(1 - u₀)) cos 2πu₁`, `z₁ = √(-2 ln(1 - u₀)) sin 2πu₁`
 *
 * @param images - shape `[n, 64]`, left unchanged
 * @returns a new array, shape `[n, 64]`
 * @throws {RangeError} when `standardDeviation` is out of range, `random` leaves `[0, 1)`, or `images` is not whole
 * finite 8×8 images
 * @see Box and Muller 1958, "A Note on the Generation of Random Normal Deviates"
 */
export function addGaussianNoise(
  images: Float32Array,
  options: AddGaussianNoiseOptions,
): Float32Array<ArrayBuffer> {
  const { standardDeviation, random } = options;
  checkImages('addGaussianNoise', images);
  checkNumber('addGaussianNoise', 'standardDeviation', standardDeviation, 0);
  const uniform = (): number => {
    const value = random();
    if (value >= 0 && value < 1) return value;
    throw new RangeError(`addGaussianNoise: random() returned ${value}, expected a number in [0, 1)`);
  };
  const clip = (value: number): number => Math.min(1, Math.max(0, value));
  const out = new Float32Array(images.length);
  for (let i = 0; i < images.length; i += 2) {
    const radius = standardDeviation * Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    out[i] = clip(images[i]! + radius * Math.cos(angle));
    out[i + 1] = clip(images[i + 1]! + radius * Math.sin(angle));
  }
  return out;
}
