import { readFileSync } from 'node:fs';
import { adam, sgd } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import {
  foldIn,
  key,
  matmul,
  normal,
  reshape,
  take,
  type Tensor,
  tensor,
  transpose,
} from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { linear, trainSalsa, type TrainSalsaOptions } from '../../src/index.js';
import { dict, digest, numbers, values } from '../helpers.js';

interface Run {
  readonly losses: number[];
  readonly divergences: number[];
  readonly params: number[];
  readonly reference: number[];
}
interface Case extends Record<'exact' | 'sampled' | 'first', Run> {
  readonly models: number[][][];
  readonly x: number[][][];
  readonly actions: (number[] | number[][])[];
  readonly rewards: number[][];
}
const golden = JSON.parse(readFileSync(new URL('../golden/salsa.json', import.meta.url), 'utf8')) as {
  options: { epochs: number; learningRate: number; beta: number; clip: number; weights: number[] };
} & Record<'once' | 'sequence', Case>;
const { learningRate, ...settings } = golden.options;

/** The golden policy; its actions and rewards are given. */
function goldenOptions(which: 'once' | 'sequence'): TrainSalsaOptions<{ x: Tensor; step: number }> {
  const { models, x, actions, rewards } = golden[which];
  let at = 0;
  return {
    ...settings,
    models: models.map((w) => dict({ w })),
    logits: (params, { x }) => {
      const scores = matmul(x, transpose(params.w!));
      return which === 'once' ? scores : reshape(scores, [x.shape[0]!, 3, -1]);
    },
    batch: (step) => {
      at = step;
      return { x: tensor(x[step]!), step };
    },
    sample: () => tensor(Int32Array.from(actions[at]!.flat()), which === 'once' ? [6] : [6, 3]),
    reward: () => tensor(rewards[at]!),
    steps: x.length,
    optimizer: sgd({ learningRate }),
    key: key(0),
  };
}

const expectClose = (got: readonly number[], expected: readonly number[]): void => {
  expect(got).toHaveLength(expected.length);
  got.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4)); // float32 against float64
};

/** A bandit with three contexts and four actions, of which action c pays in context c. */
const model = (seed: number): StateDict => ({ w: normal(foldIn(key(11), seed), [3, 4]) });
const bandit: TrainSalsaOptions<Tensor> = {
  models: [model(0), model(1)],
  logits: (params, contexts) => take(params.w!, contexts),
  batch: () => tensor(Int32Array.from({ length: 60 }, (_, i) => i % 3)),
  reward: (contexts, actions) => {
    const [c, a] = [contexts.dataSync(), actions.dataSync()];
    return tensor(Float32Array.from(a, (action, i) => (action === c[i] ? 1 : 0)));
  },
  beta: 0.1,
  steps: 40,
  optimizer: adam({ learningRate: 0.1 }),
  key: key(5),
};

describe('trainSalsa', () => {
  it.each([
    ['once', 'exact', {}],
    ['once', 'sampled', { divergence: 'sampled' }],
    ['once', 'first', { reference: 'first' }],
    ['sequence', 'exact', {}],
    ['sequence', 'sampled', { divergence: 'sampled' }],
  ] as const)('agrees with torch, for a policy "%s", divergence "%s"', async (which, kind, changed) => {
    const expected = golden[which][kind];
    const result = await trainSalsa({ ...goldenOptions(which), ...changed });
    expectClose(result.losses, expected.losses);
    expectClose(result.divergences, expected.divergences);
    expectClose((await values(result.params)).w!, expected.params);
    expectClose((await values(result.reference)).w!, expected.reference);
    expectClose(
      result.rewards,
      golden[which].rewards.map((row) => row.reduce((sum, r) => sum + r, 0) / row.length),
    );
  });

  it('holds the policy to the exact soup', async () => {
    const { reference } = await trainSalsa({ ...bandit, weights: [0.3, 0.7], steps: 1 });
    expect(await digest(reference)).toEqual(
      await digest(await linear(bandit.models, { weights: [0.3, 0.7] })),
    );
  });

  it('sees no divergence where policy and reference are the same, and one above 0 elsewhere', async () => {
    const same = await trainSalsa({ ...bandit, start: 'soup' });
    expect(Math.abs(same.divergences[0]!)).toBeLessThan(1e-6);
    const other = await trainSalsa(bandit);
    for (const divergence of other.divergences) expect(divergence).toBeGreaterThan(0);
  });

  it('learns what pays', async () => {
    const { rewards } = await trainSalsa({ ...bandit, beta: 0.01, steps: 60 });
    expect(rewards.at(-1)!).toBeGreaterThan(0.8);
    expect(rewards[0]!).toBeLessThan(0.5);
  });

  it('is drawn to the reference by a large β, and does not feel which it is when β is 0', async () => {
    const held = await trainSalsa({ ...bandit, beta: 20, steps: 60 });
    expect(held.divergences.at(-1)!).toBeLessThan(0.1 * held.divergences[0]!);
    const [soup, first] = await Promise.all(
      (['soup', 'first'] as const).map((reference) => trainSalsa({ ...bandit, beta: 0, reference })),
    );
    expect(await digest(soup!.params)).toEqual(await digest(first!.params));
  });

  it('gives the same bits for the same key, and leaves the models as they are', async () => {
    const before = await numbers(bandit.models[0]!.w!);
    const run = async (seed: number) => digest((await trainSalsa({ ...bandit, key: key(seed) })).params);
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
    expect(await numbers(bandit.models[0]!.w!)).toEqual(before);
  });

  it('refuses what does not fit, in one sentence', async () => {
    const attempt = (changed: Partial<typeof bandit>) =>
      expect(trainSalsa({ ...bandit, ...changed })).rejects;
    await attempt({ beta: -1 }).toThrow(
      'trainSalsa: expected beta to be a finite number of at least 0, received -1',
    );
    await attempt({ models: [model(0)] }).toThrow('trainSalsa: expected at least two models, received 1');
    await attempt({ models: [model(0), { w: normal(key(0), [3, 5]) }] }).toThrow(
      'trainSalsa: models[1] "w": expected shape [3, 4] as in models[0], received [3, 5]',
    );
    await attempt({ weights: [1, -1] }).toThrow('expected weights whose sum is not 0');
    await attempt({ clip: 0 }).toThrow('trainSalsa: expected clip above 0, received 0');
    await attempt({ divergence: 'none' as never }).toThrow(
      'trainSalsa: expected divergence to be exact or sampled, received none',
    );
    await attempt({ reward: () => tensor([1, 2]) }).toThrow(
      'trainSalsa: reward: expected one number for each context, shape [60], received [2]',
    );
    await attempt({ reward: () => tensor(new Float32Array(60).fill(NaN)) }).toThrow(
      'trainSalsa: expected a finite loss',
    );
  });
});
