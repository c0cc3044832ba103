import { add, clip, normal } from '@weightloom/tensor-gpu';
import { checkNotNegative } from '../internal/checks.js';
import type { Augmentation } from './augmentation.js';

export interface GaussianNoiseOptions {
  /** Standard deviation, in the unit of the inputs. */
  readonly deviation: number;
  /** Results are clipped to this range; default: not at all. */
  readonly range?: readonly [low: number, high: number];
}

/** Adds normal noise to every element. */
export function gaussianNoise({ deviation, range }: GaussianNoiseOptions): Augmentation {
  checkNotNegative('gaussianNoise', 'deviation', deviation);
  return (inputs, key) => {
    const noisy = add(inputs, normal(key, inputs.shape, 0, deviation));
    return range ? clip(noisy, range[0], range[1]) : noisy;
  };
}
