import { jit, key, matmul, mul, normal, onesLike, sub, tensor, transpose } from '@weightloom/tensor-gpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accumulate,
  adagrad,
  adam,
  adamw,
  applyUpdates,
  averagedWeights,
  chain,
  clipByGlobalNorm,
  clipByValue,
  cosineSchedule,
  linearSchedule,
  lion,
  masked,
  momentum,
  muon,
  type Optimizer,
  type OptimizerState,
  orthogonalize,
  paramGroups,
  rmsprop,
  scaleByLearningRate,
  scheduled,
  sgd,
  type StateDict,
  trackEma,
  trackSwa,
} from '../../src/index.js';
import { dict, expectClose } from '../helpers.js';

/** The weight after each of the gradients, from 0, in a compiled loop. */
function walk(
  optimizer: Optimizer,
  grads: readonly number[],
  start = 0,
): { weights: number[]; state: OptimizerState } {
  const step = jit((g: number, state: OptimizerState, w: StateDict) => {
    const grads = { w: mul(onesLike(w.w), g) };
    const { updates, state: next } = optimizer.update(grads, state, w);
    return { state: next, w: applyUpdates(w, updates) };
  });
  let now = { w: dict({ w: [start] }), state: optimizer.init(dict({ w: [start] })) };
  const weights = grads.map((g) => (now = step(g, now.state, now.w)).w.w.item());
  return { weights, state: now.state };
}
describe('accumulate', () => {
  it('steps at every second call, by the mean of the two gradients', () => {
    expectClose(
      walk(accumulate(sgd({ learningRate: 1 }), 2), [1, 3, 10, 20]).weights,
      [0, -2, -2, -17],
      1e-6,
    );
  });

  it('advances the state of the optimiser at those calls only', () => {
    const grads = [0.5, -1, 2, 0.25];
    const pairs = [-0.25, 1.125];
    const inner = adam({ learningRate: 0.1 });
    const { weights } = walk(accumulate(inner, 2), grads);
    expectClose([weights[1], weights[3]], walk(inner, pairs).weights, 1e-6);
  });
});

describe('scheduled', () => {
  it('takes its rates from the schedule, the last one for ever, and yields to a rate given to update', () => {
    const optimizer = scheduled(sgd({ learningRate: 9 }), linearSchedule({ start: 3, end: 1, steps: 2 }), 3);
    expectClose(walk(optimizer, [1, 1, 1, 1]).weights, [-3, -5, -6, -7], 1e-6);
    const params = dict({ w: [0] });
    const { updates } = optimizer.update(dict({ w: [1] }), optimizer.init(params), params, {
      learningRate: 0.5,
    });
    expect(updates.w.item()).toBe(-0.5);
  });
});

describe('masked', () => {
  it('passes the gradients it does not cover unchanged', () => {
    const params = dict({ a: [2], b: [2] });
    const optimizer = masked(scaleByLearningRate(0.5), (name) => name === 'a');
    const { updates } = optimizer.update(dict({ a: [1], b: [1] }), optimizer.init(params), params);
    expect([updates.a.item(), updates.b.item()]).toEqual([-0.5, 1]);
  });
});

describe('paramGroups', () => {
  const groups = paramGroups([
    { filter: (name) => name.endsWith('bias'), optimizer: sgd({ learningRate: 0.1 }), learningRateScale: 2 },
    { filter: (name) => name.endsWith('weight'), optimizer: sgd({ learningRate: 0.5, weightDecay: 1 }) },
  ]);
  const params = dict({ weight: [1], bias: [1] });
  const grads = dict({ weight: [1], bias: [1] });
  const move = (learningRate?: number): number[] => {
    const { updates } = groups.update(grads, groups.init(params), params, { learningRate });
    return [updates.weight.item(), updates.bias.item()].map((x) => Math.round(x * 1e6) / 1e6);
  };

  it('uses the rate of each group, or shares of a given one', () => {
    expect(move()).toEqual([-1, -0.1]);
    expect(move(0.1)).toEqual([-0.2, -0.2]);
  });

  it('refuses a weight that is in no group', () => {
    expect(() => groups.init(dict({ scale: [1] }))).toThrow(
      'paramGroups: expected a group for every weight, received none for "scale"',
    );
  });
});

describe('clipping', () => {
  it('by value bounds every element', () => {
    const grads = dict({ w: [-3, 0.5, 2] });
    expectClose(clipByValue(1).update(grads, null, grads).updates.w, [-1, 0.5, 1], 0);
    expect(() => clipByValue(0)).toThrow('clipByValue: expected a finite limit above 0, received 0');
  });

  it('by norm never exceeds it and keeps the direction', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 8 }),
        (values) => {
          const grads = dict({ w: values });
          const clipped = Array.from(clipByGlobalNorm(1).update(grads, null, grads).updates.w.dataSync());
          const norm = Math.hypot(...values);
          const factor = Math.min(1, 1 / norm);
          clipped.forEach((v, i) => expect(v).toBeCloseTo(values[i] * (norm === 0 ? 1 : factor), 4));
          expect(Math.hypot(...clipped)).toBeLessThanOrEqual(1 + 1e-5);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('averages', () => {
  it('trackEma keeps β a + (1 - β) w', () => {
    const { weights, state } = walk(chain(sgd({ learningRate: 1 }), trackEma(0.5)), [-1, -1, -2]);
    expectClose(weights, [1, 2, 4], 1e-6);
    // 0 → 0.5 → 1.25 → 2.625
    expectClose(averagedWeights(state)!.w, [2.625], 1e-6);
  });

  it('trackSwa takes the mean of the weights after the named steps', () => {
    const run = (options: Parameters<typeof trackSwa>[0]): number =>
      averagedWeights(
        walk(chain(sgd({ learningRate: 1 }), trackSwa(options)), [-1, -1, -1, -1, -1]).state,
      )!.w.item();
    expect(run({ start: 0 })).toBeCloseTo(3, 5);
    expect(run({ start: 1, every: 2 })).toBeCloseTo((2 + 4) / 2, 5);
    expect(run({ start: 9 })).toBe(0);
  });

  it('are missing where nobody keeps one', () => {
    expect(averagedWeights(sgd({ learningRate: 1, momentum: 0.5 }).init(dict({ w: [1] })))).toBeUndefined();
  });
});

describe('orthogonalize', () => {
  it('brings the singular values of any matrix near 1', () => {
    for (const shape of [
      [8, 5],
      [5, 8],
      [6, 6],
    ]) {
      const x = orthogonalize(normal(key(4), shape));
      const small = shape[0] <= shape[1] ? matmul(x, transpose(x)) : matmul(transpose(x), x);
      const n = Math.min(...shape);
      const values = Array.from(small.dataSync());
      const trace = values.filter((_, i) => i % (n + 1) === 0).reduce((a, b) => a + b, 0);
      // Squares of singular values between 0.5 and 1.5.
      expect(trace / n).toBeGreaterThan(0.5);
      expect(trace / n).toBeLessThan(1.5);
    }
  });

  it('refuses vectors, by name', () => {
    const optimizer = muon({ matrices: () => true });
    const params = dict({ bias: [1, 2] });
    expect(() => optimizer.update(params, optimizer.init(params), params)).toThrow(
      'muon: expected "bias" to have two axes or more, received [2]',
    );
  });
});

describe('every optimiser', () => {
  const all: [string, Optimizer][] = [
    ['sgd', sgd({ learningRate: 0.1 })],
    ['momentum', chain(momentum(0.5), scaleByLearningRate(0.1))],
    ['adam', adam({ learningRate: 0.1 })],
    ['adamw', adamw({ learningRate: 0.1 })],
    ['adagrad', adagrad({ learningRate: 0.5 })],
    ['rmsprop', rmsprop({ learningRate: 0.05 })],
    ['lion', lion({ learningRate: 0.05 })],
    ['muon', muon({ learningRate: 0.05, otherLearningRate: 0.1, matrices: (name) => name === 'matrix' })],
    [
      'scheduled',
      scheduled(adamw({ learningRate: 0.1 }), cosineSchedule({ learningRate: 0.1, steps: 200 }), 200),
    ],
    ['accumulate', accumulate(sgd({ learningRate: 0.2 }), 2)],
  ];
  it.each(all)(
    'finds the bottom of a bowl, keeps shapes and leaves its inputs alone: %s',
    (_name, optimizer) => {
      const target = {
        matrix: [
          [1, -1],
          [0.5, 2],
        ],
        vector: [1, 2, 3],
      };
      const first = dict({
        matrix: [
          [0, 0],
          [0, 0],
        ],
        vector: [0, 0, 0],
      });
      const step = jit((params: StateDict, state: OptimizerState) => {
        const grads = dict({});
        for (const [name, values] of Object.entries(target)) {
          grads[name] = sub(params[name], tensor(values));
        }
        const { updates, state: next } = optimizer.update(grads, state, params);
        return { params: applyUpdates(params, updates), state: next };
      });
      let now = { params: first, state: optimizer.init(first) };
      for (let i = 0; i < 200; i++) now = step(now.params, now.state);
      for (const [name, values] of Object.entries(target)) {
        expect(now.params[name].shape).toEqual(first[name].shape);
        expectClose(now.params[name], values, 0.2);
      }
      expectClose(first.vector, [0, 0, 0], 0);
    },
  );
});
