import {
  DTypeError,
  add,
  cast,
  div,
  expandDims,
  logSoftmax,
  maximum,
  mean,
  mul,
  neg,
  notEqual,
  ShapeError,
  squeeze,
  sub,
  sum,
  takeAlongAxis,
  type Tensor,
  where,
} from '@weightloom/tensor-gpu';
import { checkFraction } from '../internal/checks.js';
import { type Reduction, reduceLoss } from './reduction.js';

export interface SoftmaxCrossEntropyOptions {
  /** Share of the target spread evenly over all classes, in [0, 1); default 0. */
  readonly labelSmoothing?: number;
  /** A label whose rows count nothing (and are left out of the mean); integer labels only; default none. */
  readonly ignoreLabel?: number;
  /** Default `mean` over examples. */
  readonly reduction?: Reduction;
}

/**
 * `-Σ_c q_c log softmax(z)_c`, where `q` is the target distribution.
 *
 * @param logits - `z`, `[…, C]`, unnormalised
 * @param targets - labels `[…]` int32 from 0 to C-1 (checked when it runs), or distributions `[…, C]` float32
 * @returns a scalar, or `[…]` with `reduction: 'none'`
 * @throws {ShapeError} when the shapes do not fit, or a label is out of range
 * @throws {RangeError} when `labelSmoothing` is outside [0, 1)
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  { labelSmoothing = 0, ignoreLabel, reduction = 'mean' }: SoftmaxCrossEntropyOptions = {},
): Tensor {
  checkFraction('softmaxCrossEntropy', 'labelSmoothing', labelSmoothing);
  checkTargets(logits, targets, ignoreLabel);
  const logs = logSoftmax(logits);
  const uniformPart = labelSmoothing === 0 ? undefined : neg(mean(logs, { axis: -1 }));
  const smooth = (losses: Tensor): Tensor =>
    uniformPart ? add(mul(losses, 1 - labelSmoothing), mul(uniformPart, labelSmoothing)) : losses;
  if (targets.dtype !== 'int32')
    return reduceLoss(smooth(neg(sum(mul(targets, logs), { axis: -1 }))), reduction);
  if (ignoreLabel === undefined) return reduceLoss(smooth(neg(pick(logs, targets))), reduction);
  const counted = notEqual(targets, ignoreLabel);
  const losses = smooth(neg(pick(logs, where(counted, targets, sub(targets, targets)))));
  const kept = where(counted, losses, 0);
  if (reduction !== 'mean') return reduceLoss(kept, reduction);
  return div(sum(kept), maximum(sum(cast(counted, 'float32')), 1));
}

const pick = (logs: Tensor, labels: Tensor): Tensor =>
  squeeze(takeAlongAxis(logs, expandDims(labels, -1), -1), -1);

function checkTargets(logits: Tensor, targets: Tensor, ignoreLabel: number | undefined): void {
  const labels = targets.dtype === 'int32';
  if (!labels && targets.dtype !== 'float32') {
    throw new DTypeError({
      where: 'softmaxCrossEntropy',
      expected: 'int32 labels or float32 distributions',
      received: targets.dtype,
    });
  }
  if (!labels && ignoreLabel !== undefined) {
    throw new DTypeError({
      where: 'softmaxCrossEntropy',
      expected: 'int32 labels with ignoreLabel',
      received: targets.dtype,
    });
  }
  const wanted = `[${(labels ? logits.shape.slice(0, -1) : logits.shape).join(', ')}]`;
  const received = `[${targets.shape.join(', ')}]`;
  if (logits.rank === 0 || wanted !== received) {
    throw new ShapeError({
      where: 'softmaxCrossEntropy',
      expected: `${labels ? 'labels' : 'distributions'} of shape ${wanted} for logits [${logits.shape.join(', ')}]`,
      received,
    });
  }
}
