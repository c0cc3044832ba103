import { key } from '@weightloom/tensor-gpu';
import {
  adamw,
  fit,
  type FitResult,
  loadDigits,
  mlp,
  softmaxCrossEntropy,
  type TrainingStore,
} from '../../src/index.js';

/** The run that is killed: long enough to be caught in the middle. */
export async function train(store: TrainingStore | undefined): Promise<FitResult> {
  const { train: data } = await loadDigits();
  return fit({
    model: mlp({ sizes: [64, 32, 10] }),
    loss: softmaxCrossEntropy,
    data,
    optimizer: adamw({ learningRate: 0.003 }),
    steps: 600,
    key: key(9),
    ...(store && { checkpoint: { store, every: 3 } }),
  });
}
