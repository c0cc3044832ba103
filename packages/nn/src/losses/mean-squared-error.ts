import { square, sub, type Tensor } from '@weightloom/tensor-gpu';
import { checkSameShape } from './check-same-shape.js';
import { type Reduction, reduceLoss } from './reduction.js';

/**
 * `(ŷ - y)²`, averaged over all elements.
 *
 * @param outputs - `ŷ`, any shape @param targets - `y`, the same shape
 * @param options.reduction - default `mean`
 * @throws {ShapeError} when the shapes differ (nothing is broadcast)
 */
export function meanSquaredError(
  outputs: Tensor,
  targets: Tensor,
  { reduction = 'mean' }: { readonly reduction?: Reduction } = {},
): Tensor {
  checkSameShape('meanSquaredError', outputs, targets);
  return reduceLoss(square(sub(outputs, targets)), reduction);
}
