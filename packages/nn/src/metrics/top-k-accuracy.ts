import {
  add,
  arange,
  cast,
  equal,
  expandDims,
  greater,
  less,
  logicalAnd,
  mean,
  ShapeError,
  sum,
  takeAlongAxis,
  type Tensor,
} from '@weightloom/tensor-gpu';
import { checkCount } from '../internal/checks.js';

/**
 * Share of rows whose label is among the `k` largest scores; of equal scores the first counts as larger.
 *
 * @param outputs - scores `[…, C]` @param labels - int32 `[…]` @param k - 1 to C
 * @returns a scalar in [0, 1]
 */
export function topKAccuracy(outputs: Tensor, labels: Tensor, k: number): Tensor {
  checkCount('topKAccuracy', 'k', k);
  const wanted = `[${outputs.shape.slice(0, -1).join(', ')}]`;
  const received = `[${labels.shape.join(', ')}]`;
  if (wanted !== received) {
    throw new ShapeError({ where: 'topKAccuracy', expected: `labels of shape ${wanted}`, received });
  }
  const label = expandDims(labels, -1);
  const own = takeAlongAxis(outputs, label, -1);
  const earlier = logicalAnd(equal(outputs, own), less(arange(outputs.shape.at(-1)!), label));
  const better = add(cast(greater(outputs, own), 'int32'), cast(earlier, 'int32'));
  return mean(cast(less(sum(better, { axis: -1 }), k), 'float32'));
}
