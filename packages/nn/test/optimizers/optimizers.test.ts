import { tensor, tidy } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  adamw,
  addDecayedWeights,
  applyUpdates,
  chain,
  momentum,
  scaleByLearningRate,
  sgd,
} from '../../src/index.js';
import { dict, expectClose } from '../helpers.js';

describe('sgd', () => {
  it('takes two steps with momentum as one can do by hand', () => {
    const optimizer = sgd({ learningRate: 0.5, momentum: 0.5 });
    let params = dict({ w: [1, 2] });
    let state = optimizer.init(params);
    const steps = [
      { grad: [1, 2], weights: [0.5, 1] },
      { grad: [1, 1], weights: [-0.25, 0] },
    ];
    for (const { grad, weights } of steps) {
      const step = optimizer.update(dict({ w: grad }), state, params);
      params = applyUpdates(params, step.updates);
      state = step.state;
      expectClose(params.w, weights, 1e-7);
    }
  });

  it('follows the learning rate given to update, and its own otherwise', () => {
    const optimizer = sgd({ learningRate: 0.5 });
    const params = dict({ w: [1] });
    const grads = dict({ w: [1] });
    const move = (learningRate?: number): number =>
      optimizer.update(grads, optimizer.init(params), params, { learningRate }).updates.w.item();
    expect([move(), move(0.25), move(0)]).toEqual([-0.5, -0.25, -0]);
  });

  it('refuses rates and momentum outside their range, and Nesterov without momentum', () => {
    expect(() => sgd({ learningRate: -1 })).toThrow(
      'expected a finite learningRate of at least 0, received -1',
    );
    expect(() => sgd({ learningRate: 1, momentum: 1 })).toThrow(
      'momentum: expected momentum from 0 to below 1, received 1',
    );
    expect(() => sgd({ learningRate: 1, nesterov: true })).toThrow(
      'sgd: expected momentum above 0 with nesterov, received 0',
    );
  });
});

describe('adamw', () => {
  it('moves every weight by the learning rate in its first step', () => {
    const optimizer = adamw({ learningRate: 0.1, weightDecay: 0 });
    const params = dict({ w: [1, 1, 1] });
    const { updates } = optimizer.update(dict({ w: [1e-3, -5, 100] }), optimizer.init(params), params);
    expectClose(updates.w, [-0.1, 0.1, -0.1], 1e-5);
  });

  it('decays only the weights the filter names', () => {
    const optimizer = adamw({
      learningRate: 0.1,
      weightDecay: 0.5,
      decayFilter: (name) => name.endsWith('weight'),
    });
    const params = dict({ weight: [2], bias: [2] });
    const { updates } = optimizer.update(dict({ weight: [0], bias: [0] }), optimizer.init(params), params);
    expect(updates.weight.item()).toBeCloseTo(-0.1, 6);
    expect(updates.bias.item()).toBeCloseTo(0, 6);
  });
});

describe('chain', () => {
  it('is sgd when made of the pieces of sgd', () => {
    const pieces = chain(addDecayedWeights(0.1), momentum(0.9, { nesterov: true }), scaleByLearningRate(0.2));
    const whole = sgd({ learningRate: 0.2, momentum: 0.9, nesterov: true, weightDecay: 0.1 });
    const params = dict({ a: [1, -2], b: [[3]] });
    const grads = dict({ a: [0.5, 1], b: [[-1]] });
    const [one, two] = [pieces, whole].map((o) => o.update(grads, o.init(params), params).updates);
    expect(one.a.dataSync()).toEqual(two.a.dataSync());
    expect(one.b.dataSync()).toEqual(two.b.dataSync());
  });
});

describe('applyUpdates', () => {
  it('names the tensor that does not fit', () => {
    const params = dict({ a: [1, 2] });
    expect(() => applyUpdates(params, dict({}))).toThrow(
      'applyUpdates: expected "a" in the updates, received an empty state dict',
    );
    expect(() => applyUpdates(params, dict({ a: [1] }))).toThrow(
      'expected "a" of shape [2] in the updates, received [1]',
    );
    expect(() => applyUpdates(params, dict({ a: [1, 2], b: [1] }))).toThrow(
      'expected the updates without "b"',
    );
    expect(tidy(() => applyUpdates(params, { a: tensor([1, 1]) })).a.dataSync()).toEqual(
      Float32Array.of(2, 3),
    );
  });
});
