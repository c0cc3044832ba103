import { add, jit, mul, sum, tidy, type Tensor } from '@weightloom/tensor-gpu';
import { describe, it } from 'vitest';
import {
  adagrad,
  adam,
  adamw,
  applyUpdates,
  clipByGlobalNorm,
  createTrainStep,
  lion,
  muon,
  type Optimizer,
  type OptimizerState,
  rmsprop,
  sgd,
  type StateDict,
} from '../../src/index.js';
import golden from '../golden/optimizers.json' with { type: 'json' };
import { dict, expectClose } from '../helpers.js';

const optimizers: [keyof typeof golden.traces, Optimizer][] = [
  ['sgd', sgd({ learningRate: 0.1, weightDecay: 0.02 })],
  ['momentum', sgd({ learningRate: 0.1, momentum: 0.9 })],
  ['nesterov', sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.02 })],
  ['adam', adam({ learningRate: 0.1, weightDecay: 0.02 })],
  ['adamw', adamw({ learningRate: 0.1, beta1: 0.8, beta2: 0.95, weightDecay: 0.05 })],
  ['adagrad', adagrad({ learningRate: 0.1, rateDecay: 0.1, weightDecay: 0.02 })],
  ['rmsprop', rmsprop({ learningRate: 0.1, decay: 0.9, weightDecay: 0.02 })],
  ['rmspropCentered', rmsprop({ learningRate: 0.1, decay: 0.9, centered: true, momentum: 0.5 })],
  ['lion', lion({ learningRate: 0.1, weightDecay: 0.1 })],
  [
    'muon',
    muon({
      learningRate: 0.1,
      weightDecay: 0.1,
      otherLearningRate: 0.01,
      matrices: (name) => name.endsWith('weight'),
    }),
  ],
];

/** Weights after each of the three steps. */
function expectTrace(name: keyof typeof golden.traces, step: (i: number) => StateDict): void {
  golden.traces[name].forEach((expected, i) => {
    const params = step(i);
    for (const [path, values] of Object.entries(expected)) expectClose(params[path], values, 2e-6);
  });
}

describe('three steps from fixed gradients', () => {
  it.each(optimizers)('give the independent numbers: %s', (name, optimizer) => {
    let params = dict(golden.start);
    let state = optimizer.init(params);
    expectTrace(name, (i) => {
      const step = optimizer.update(dict(golden.grads[i]), state, params);
      state = step.state;
      return (params = applyUpdates(params, step.updates));
    });
  });

  it.each(optimizers)('give them inside jit too, with the rate as an argument: %s', (name, optimizer) => {
    const compiled = jit(
      (grads: StateDict, state: OptimizerState, params: StateDict, learningRate: number) => {
        const step = optimizer.update(grads, state, params, { learningRate });
        return { params: applyUpdates(params, step.updates), state: step.state };
      },
    );
    let now = { params: dict(golden.start), state: optimizer.init(dict(golden.start)) };
    expectTrace(name, (i) => (now = compiled(dict(golden.grads[i]), now.state, now.params, 0.1)).params);
  });
});

describe('sharpness-aware minimisation', () => {
  const curve = dict(golden.curve);
  /** Σ c w² / 2 + w⁴ / 4. */
  const objective = (params: StateDict): Tensor =>
    Object.keys(curve)
      .map((name) => {
        const w2 = mul(params[name], params[name]);
        return sum(add(mul(mul(curve[name], w2), 0.5), mul(mul(w2, w2), 0.25)));
      })
      .reduce((a, b) => add(a, b));

  it.each([
    ['sam', { rho: 0.05 }],
    ['asam', { rho: 0.5, adaptive: true }],
  ] as const)('takes the second gradient where the first leads: %s', (name, sam) => {
    const { init, step } = createTrainStep<null>({ objective, optimizer: sgd({ learningRate: 0.1 }), sam });
    let state = init(dict(golden.start));
    expectTrace(name, () => (state = step(state, null).state).trainable);
  });
});

describe('clipByGlobalNorm', () => {
  it('scales as PyTorch, and leaves small gradients alone', () => {
    const grads = dict(golden.grads[0]);
    const { updates } = tidy(() => clipByGlobalNorm(1).update(grads, null, grads));
    for (const [name, values] of Object.entries(golden.clipped)) expectClose(updates[name], values, 2e-6);
    const small = dict({ w: [0.3, 0.4] });
    expectClose(clipByGlobalNorm(1).update(small, null, small).updates.w, [0.3, 0.4], 1e-7);
    const zero = dict({ w: [0] });
    expectClose(clipByGlobalNorm(1).update(zero, null, zero).updates.w, [0], 0);
  });
});
