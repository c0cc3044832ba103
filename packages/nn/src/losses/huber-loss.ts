import { abs, lessEqual, mul, square, sub, type Tensor, where } from '@weightloom/tensor-gpu';
import { checkPositive } from '../internal/checks.js';
import { checkSameShape } from './check-same-shape.js';
import { type Reduction, reduceLoss } from './reduction.js';

export interface HuberLossOptions {
  /** Where the square turns into a line, above 0, in the unit of the targets; default 1. */
  readonly delta?: number;
  /** Default `mean` over elements. */
  readonly reduction?: Reduction;
}

/**
 * `½ r²` for `|r| ≤ δ`, else `δ (|r| - ½ δ)`, with `r = ŷ - y`.
 *
 * @param outputs - `ŷ`, any shape @param targets - `y`, the same shape
 * @see Huber 1964, "Robust Estimation of a Location Parameter"
 */
export function huberLoss(
  outputs: Tensor,
  targets: Tensor,
  { delta = 1, reduction = 'mean' }: HuberLossOptions = {},
): Tensor {
  checkPositive('huberLoss', 'delta', delta);
  checkSameShape('huberLoss', outputs, targets);
  const distance = abs(sub(outputs, targets));
  const losses = where(
    lessEqual(distance, delta),
    mul(square(distance), 0.5),
    mul(sub(distance, 0.5 * delta), delta),
  );
  return reduceLoss(losses, reduction);
}
