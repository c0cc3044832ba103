import { mean, sum, type Tensor } from '@weightloom/tensor-gpu';

/** How the losses of single examples become one number; `none` keeps them. */
export type Reduction = 'mean' | 'sum' | 'none';

/** A loss that `fit` and `evaluate` can use: outputs of the model and targets in, a scalar out. */
export type Loss = (outputs: Tensor, targets: Tensor) => Tensor;

export const reduceLoss = (losses: Tensor, reduction: Reduction): Tensor =>
  reduction === 'none' ? losses : reduction === 'sum' ? sum(losses) : mean(losses);
