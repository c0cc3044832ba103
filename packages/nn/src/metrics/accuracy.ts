import { argmax, cast, equal, mean, ShapeError, type Tensor } from '@weightloom/tensor-gpu';

/**
 * Share of rows whose largest score is at the label; the first of equal scores counts.
 *
 * @param outputs - scores `[…, C]` @param labels - int32 `[…]`
 * @returns a scalar in [0, 1]
 */
export function accuracy(outputs: Tensor, labels: Tensor): Tensor {
  const wanted = `[${outputs.shape.slice(0, -1).join(', ')}]`;
  const received = `[${labels.shape.join(', ')}]`;
  if (wanted !== received)
    throw new ShapeError({ where: 'accuracy', expected: `labels of shape ${wanted}`, received });
  return mean(cast(equal(argmax(outputs, -1), labels), 'float32'));
}
