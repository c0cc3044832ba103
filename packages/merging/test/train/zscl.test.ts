import { readFileSync } from 'node:fs';
import { sgd, softmaxCrossEntropy } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { div, matmul, mul, norm, type Tensor, tensor, transpose } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { trainZscl, type TrainZsclOptions, zsclDistillation, type ZsclReference } from '../../src/index.js';
import { dict, digest, values } from '../helpers.js';

type Matrix = number[][];
interface Run {
  readonly losses: number[];
  readonly last: number[][];
  readonly params: number[][];
}

const golden = JSON.parse(readFileSync(new URL('../golden/zscl.json', import.meta.url), 'utf8')) as {
  options: {
    scale: number;
    temperature: number;
    learningRate: number;
    weight: number;
    consolidation: number;
    every: number;
  };
  image: Matrix;
  text: Matrix;
  x: Matrix[];
  y: number[][];
  reference: Matrix[];
  texts: Matrix;
  student: Matrix;
  teacher: Matrix;
  distillation: Record<'imageToText' | 'textToImage' | 'imageToImage' | 'featureDistance', number>;
} & Record<'mean' | 'mixed' | 'moving', Run>;

const { scale, temperature, learningRate, weight, consolidation, every } = golden.options;
const start = dict({ image: golden.image, text: golden.text });
const features = (params: StateDict, x: Tensor): Tensor => matmul(x, transpose(params.image!));
const unit = (x: Tensor): Tensor => div(x, norm(x, { axis: -1, keepDims: true }));
const reference: ZsclReference<Tensor> = {
  batch: (step) => tensor(golden.reference[step]!),
  features,
  teacher: start,
  texts: tensor(golden.texts),
  weight,
  scale,
  temperature,
};
const options: TrainZsclOptions<{ x: Tensor; y: Tensor }, Tensor> = {
  params: start,
  loss: (params, { x, y }) =>
    softmaxCrossEntropy(mul(matmul(unit(features(params, x)), transpose(unit(params.text!))), scale), y),
  batch: (step) => ({
    x: tensor(golden.x[step]!),
    y: tensor(Int32Array.from(golden.y[step]!)),
  }),
  steps: golden.x.length,
  optimizer: sgd({ learningRate }),
  reference,
  consolidation,
  ensemble: { every },
};

const expectClose = (got: readonly number[], expected: readonly number[]): void => {
  expect(got).toHaveLength(expected.length);
  got.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 4)); // float32 against float64
};

describe('zsclDistillation', () => {
  it.each(Object.entries(golden.distillation))('agrees with torch on the term %s', (name, expected) => {
    const only = { imageToText: 0, textToImage: 0, [name]: 1, scale, temperature };
    const loss = zsclDistillation(tensor(golden.student), tensor(golden.teacher), tensor(golden.texts), only);
    expect(loss.item()).toBeCloseTo(expected, 5);
  });

  it('does not feel the length of features', () => {
    const [a, b, texts] = [golden.student, golden.teacher, golden.texts].map((rows) => tensor(rows));
    const loss = zsclDistillation(a!, b!, texts, { scale });
    expect(zsclDistillation(mul(a!, 3), b!, mul(texts!, 0.2), { scale }).item()).toBeCloseTo(loss.item(), 4);
  });

  it('refuses what does not fit, in one sentence', () => {
    const [a, b, texts] = [golden.student, golden.teacher, golden.texts].map((rows) => tensor(rows));
    const attempt = (...args: Parameters<typeof zsclDistillation>) => expect(() => zsclDistillation(...args));
    attempt(a!, b!, undefined).toThrow(
      'zsclDistillation: expected texts, for imageToText and textToImage, received none',
    );
    attempt(a!, b!, tensor([[1, 2]])).toThrow(
      'zsclDistillation: expected texts of shape [m, 3], received [1, 2]',
    );
    attempt(tensor([[1, 2]]), b!, texts).toThrow(
      'zsclDistillation: expected features of the student of shape [6, 3], as of the teacher, received [1, 2]',
    );
    attempt(tensor([], [0, 3]), tensor([], [0, 3]), texts).toThrow(
      'zsclDistillation: expected at least one reference example, received none',
    );
    attempt(a!, b!, texts, { temperature: 0 }).toThrow(
      'zsclDistillation: expected temperature above 0, received 0',
    );
    attempt(a!, b!, texts, { featureDistance: -1 }).toThrow(
      'zsclDistillation: expected featureDistance to be a finite number of at least 0, received -1',
    );
    attempt(a!, b!, texts, { imageToText: 0, textToImage: 0 }).toThrow(
      'zsclDistillation: expected a weight above 0, received none',
    );
  });
});

describe('trainZscl', () => {
  it.each([
    ['mean', { every }],
    ['mixed', { every, keep: 0.95 }],
    ['moving', { every, kind: 'moving', decay: 0.9 }],
  ] as const)('agrees with torch, step by step, with the ensemble "%s"', async (name, ensemble) => {
    const expected = golden[name];
    const result = await trainZscl({ ...options, ensemble });
    expectClose(result.losses, expected.losses);
    for (const [which, params] of [
      ['last', result.last],
      ['params', result.params],
    ] as const) {
      const { image, text } = await values(params);
      expectClose(image!, expected[which][0]!);
      expectClose(text!, expected[which][1]!);
    }
  });

  it('leaves start and teacher as they are, though they are the same', async () => {
    const before = await digest(start);
    await trainZscl(options);
    expect(await digest(start)).toEqual(before);
  });

  it('gives the last weights without an ensemble, and descends the plain loss without a reference', async () => {
    const plain = await trainZscl({ ...options, reference: undefined, consolidation: 0, ensemble: false });
    expect(plain.params).toBe(plain.last);
    expect(plain.losses[0]).toBeLessThan(golden.mean.losses[0]!);
  });

  it('stops between steps when it is aborted', async () => {
    const controller = new AbortController();
    const seen: number[] = [];
    const batch = (step: number) => {
      seen.push(step);
      if (step === 3) controller.abort(new Error('enough'));
      return options.batch(step);
    };
    await expect(trainZscl({ ...options, batch, signal: controller.signal })).rejects.toThrow('enough');
    expect(seen.at(-1)).toBe(3);
  });

  it('refuses what does not fit, in one sentence', async () => {
    const attempt = (changed: Partial<typeof options>) =>
      expect(trainZscl({ ...options, ...changed })).rejects;
    await attempt({ steps: 0 }).toThrow(
      'trainZscl: expected steps to be a whole number of at least 1, received 0',
    );
    await attempt({ consolidation: -1 }).toThrow(
      'trainZscl: expected consolidation to be a finite number of at least 0, received -1',
    );
    await attempt({ ensemble: { every: 0.5 } }).toThrow(
      'trainZscl: expected every to be a whole number of at least 1, received 0.5',
    );
    await attempt({ ensemble: { keep: 0.9 }, reference: undefined }).toThrow(
      'trainZscl: expected a reference, whose teacher keep below 1 mixes in, received none',
    );
    await attempt({ optimizer: sgd({ learningRate: 1e30 }) }).toThrow(
      'trainZscl: expected a finite loss, received',
    );
  });
});
