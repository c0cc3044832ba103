import type { Tensor } from '@weightloom/tensor-gpu';

/** Whether the algebra computes with this tensor: float32, bfloat16 and float16 yes, whole numbers and masks no. */
export const isFloat = ({ dtype }: Tensor): boolean =>
  dtype === 'float32' || dtype === 'bfloat16' || dtype === 'float16';
