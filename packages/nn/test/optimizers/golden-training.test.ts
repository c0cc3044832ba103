import { dispose, tensor, type Tensor } from '@weightloom/tensor-gpu';
import { describe, it } from 'vitest';
import {
  adam,
  adamw,
  createTrainStep,
  mlp,
  type Optimizer,
  sgd,
  softmaxCrossEntropy,
} from '../../src/index.js';
import golden from '../golden/mlp-training.json' with { type: 'json' };
import { dict, expectClose } from '../helpers.js';

const optimizers: [keyof typeof golden.runs, Optimizer][] = [
  ['sgdMomentum', sgd({ learningRate: 0.1, momentum: 0.9 })],
  ['sgdNesterovDecay', sgd({ learningRate: 0.05, momentum: 0.8, nesterov: true, weightDecay: 0.01 })],
  ['adam', adam({ learningRate: 0.01, weightDecay: 0.02 })],
  ['adamw', adamw({ learningRate: 0.01, weightDecay: 0.05 })],
];

describe('twenty steps of a small network', () => {
  it.each(optimizers)('give the losses and weights of PyTorch: %s', (name, optimizer) => {
    const model = mlp({ sizes: [6, 8, 3] });
    const { init, step } = createTrainStep<{ x: Tensor; y: Tensor }>({
      objective: (params, { x, y }, ctx) => softmaxCrossEntropy(model.apply(params, x, ctx), y),
      optimizer,
    });
    let state = init(dict(golden.start));
    const losses = golden.inputs.map((inputs, i) => {
      const result = step(state, { x: tensor(inputs), y: tensor(Int32Array.from(golden.labels[i])) });
      state = result.state;
      return result.loss.item();
    });
    expectClose(losses, golden.runs[name].losses, 1e-5);
    for (const [path, values] of Object.entries(golden.runs[name].last))
      expectClose(state.trainable[path], values, 1e-5);
    dispose(state);
  });
});
