import { add, clip, normal } from '@weightloom/tensor-gpu';
import { checkNotNegative } from '../internal/checks.js';
import type { Augmentation } from './augmentation.js';

export interface GaussianNoiseOptions {
  /** Standard deviation, at least 0, in the unit of the inputs. */
  readonly deviation: number;
  /** Results are clipped to this range; default: not at all. */
  readonly range?: readonly [low: number, high: number];
}

/**
 * Adds noise to every element: `x + N(0, deviation²)`, clipped to `range` where there is one; any shape, float32.
 *
 * @throws {RangeError} for a deviation that is negative or not finite
 */
export function gaussianNoise({ deviation, range }: GaussianNoiseOptions): Augmentation {
  checkNotNegative('gaussianNoise', 'deviation', deviation);
  return (inputs, key) => {
    const noisy = add(inputs, normal(key, inputs.shape, 0, deviation));
    return range ? clip(noisy, range[0], range[1]) : noisy;
  };
}
