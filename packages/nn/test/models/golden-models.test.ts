import { dispose, tensor, type Tensor, tidy } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  cnn,
  createTrainStep,
  gpt,
  type Model,
  resnet,
  sgd,
  softmaxCrossEntropy,
  vit,
} from '../../src/index.js';
import golden from '../golden/models.json' with { type: 'json' };
import { dict, expectClose } from '../helpers.js';

const input = [1, 8, 8] as const;
const small = { width: 8, layers: 2, heads: 2, hidden: 16 };
const models: Record<Exclude<keyof typeof golden, 'origin'>, Model> = {
  cnn: cnn({ input, channels: [4, 6], hidden: [8], classes: 10 }),
  cnnBatch: cnn({ input, channels: [4, 6], hidden: [8], classes: 10, norm: 'batch' }),
  cnnGroup: cnn({ input, channels: [4, 6], hidden: [8], classes: 10, norm: 'group', groups: 2 }),
  resnetBatch: resnet({ input, classes: 10, widths: [4, 6] }),
  resnetGroup: resnet({ input, classes: 10, widths: [4, 6], norm: 'group', groups: 2 }),
  vit: vit({ input, patch: 4, classes: 10, ...small }),
  gptLearned: gpt({ vocabulary: 11, context: 6, ...small }),
  gptRope: gpt({ vocabulary: 11, context: 6, ...small, positions: 'rope', tied: false }),
};

describe.each(Object.keys(models) as (keyof typeof models)[])('%s', (name) => {
  const model = models[name];
  const { start, inputs, labels, logits, losses, after, sums } = golden[name];
  const batch = (i: number): { x: Tensor; y: Tensor } => ({
    x: name.startsWith('gpt') ? tensor(inputs[i], undefined, 'int32') : tensor(inputs[i]),
    y: tensor(labels[i], undefined, 'int32'),
  });

  it('gives the logits of PyTorch from the same weights', () => {
    expectClose(
      tidy(() => model.apply(dict(start), batch(0).x)),
      logits,
      1e-5,
    );
  });

  it('gives the losses of PyTorch over twenty steps, and its outputs and weights after them', () => {
    const { init, step } = createTrainStep<{ x: Tensor; y: Tensor }>({
      objective: (params, { x, y }, ctx) => softmaxCrossEntropy(model.apply(params, x, ctx), y),
      optimizer: sgd({ learningRate: 0.05, momentum: 0.9 }),
    });
    let state = init(dict(start));
    const trace = losses.map((_, i) => {
      const result = step(state, batch(i % 5));
      state = result.state;
      return result.loss.item();
    });
    expectClose(trace, losses, 1e-4);
    const params = { ...state.frozen, ...state.trainable };
    expectClose(
      tidy(() => model.apply(params, batch(0).x)),
      after,
      1e-3,
    );
    for (const [path, total] of Object.entries(sums)) {
      const own = Array.from(params[path].dataSync()).reduce((sum, value) => sum + value, 0);
      expect(Math.abs(own - total)).toBeLessThan(1e-3);
    }
    dispose(state);
  });
});
