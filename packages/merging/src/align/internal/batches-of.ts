import { ShapeError, slice, type Tensor } from '@weightloom/tensor-gpu';
import { checkCount } from '../../internal/check-number.js';

/** The rows of `inputs` in batches, each made when it is asked for. */
export function batchesOf(where: string, inputs: Tensor, batchSize: number): (() => Tensor)[] {
  checkCount(where, 'batchSize', batchSize);
  const count = inputs.shape[0] ?? 0;
  if (count === 0) {
    throw new ShapeError({
      where,
      expected: 'inputs [n, …] with n ≥ 1',
      received: `[${inputs.shape.join(', ')}]`,
    });
  }
  return Array.from(
    { length: Math.ceil(count / batchSize) },
    (_, i) => () => slice(inputs, [i * batchSize], [Math.min(count, (i + 1) * batchSize)]),
  );
}
