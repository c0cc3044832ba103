import { type Tensor, tensor } from '@weightloom/tensor-gpu';

/** One value everywhere, in memory of its own: weights are read at every step, and a broadcast view would be copied each time. */
export const constant = (shape: readonly number[], value: number): Tensor =>
  tensor(new Float32Array(shape.reduce((n, d) => n * d, 1)).fill(value), shape);
