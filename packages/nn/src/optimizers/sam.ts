import { abs, add, div, mul, square } from '@weightloom/tensor-gpu';
import { checkPositive } from '../internal/checks.js';
import { zipDict } from '../internal/dict.js';
import type { StateDict } from '../model.js';
import { globalNorm } from './clip-by-global-norm.js';

export interface SamOptions {
  /** Radius of the neighbourhood, above 0; default 0.05 (about 2 when adaptive). */
  readonly rho?: number;
  /** Measures the neighbourhood relative to the weights (ASAM); default false. */
  readonly adaptive?: boolean;
}

/**
 * Sharpness-aware minimisation climbs before it descends: the weights at which the gradient is taken a second time,
 * `w + ρ g / ‖g‖`, or adaptive `w + ρ w² g / ‖|w| g‖`. `fit` and `createTrainStep` do both passes when given `sam`.
 *
 * @see Foret et al. 2021, arXiv:2010.01412; Kwon et al. 2021, "ASAM", arXiv:2102.11600
 */
export function samPerturb(
  params: StateDict,
  grads: StateDict,
  { rho = 0.05, adaptive = false }: SamOptions = {},
): StateDict {
  checkPositive('samPerturb', 'rho', rho);
  const measured = adaptive ? zipDict((w, g) => mul(abs(w), g), params, grads) : grads;
  const scale = div(rho, add(globalNorm(measured), 1e-12));
  return zipDict((w, g) => add(w, mul(adaptive ? mul(square(w), g) : g, scale)), params, grads);
}
