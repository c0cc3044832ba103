import { ShapeError, type Tensor } from '@weightloom/tensor-gpu';

/** Examples in rows: the first axis of both tensors counts them. */
export interface Dataset {
  /** `[n, …]`, what the model takes. */
  readonly inputs: Tensor;
  /** `[n, …]`, what the loss takes: int32 labels, or float32 values. */
  readonly targets: Tensor;
}

/** Number of examples; refuses tensors without rows or of different counts. */
export function countExamples(where: string, { inputs, targets }: Dataset): number {
  if (
    inputs.rank === 0 ||
    targets.rank === 0 ||
    inputs.shape[0] !== targets.shape[0] ||
    inputs.shape[0] === 0
  ) {
    throw new ShapeError({
      where,
      expected: 'inputs [n, …] and targets [n, …] with the same n ≥ 1',
      received: `[${inputs.shape.join(', ')}] and [${targets.shape.join(', ')}]`,
    });
  }
  return inputs.shape[0];
}
