import type { Digits } from '@weightloom/datasets';
import { greedySoup, linear, slerp, taskArithmetic, tiesMerge, uniformSoup } from '@weightloom/merging';
import {
  accuracy,
  adamw,
  cosineSchedule,
  type Dataset,
  evaluate,
  fit,
  mlp,
  predict,
  softmaxCrossEntropy,
  type StateDict,
} from '@weightloom/nn';
import { argmax, backendReport, foldIn, key } from '@weightloom/tensor-gpu';
import { split } from './data.js';

/** Each variant has its own learning rate, as people who share fine-tunes do. */
export const learningRates = [1e-3, 2e-3, 3e-3, 4e-3] as const;
const model = mlp({ sizes: [64, 128, 10] });

/** Shares of right answers, from 0 to 1. */
export interface Score {
  readonly name: string;
  readonly kind: 'base' | 'variant' | 'merge';
  readonly clean: number;
  readonly shifted: number;
}

export interface Interpolation {
  /** 0 is the base, 1 the mean of the variants. */
  readonly t: number;
  readonly clean: number;
  readonly shifted: number;
}

/** What one seed gave. */
export interface Outcome {
  readonly seed: number;
  readonly scores: readonly Score[];
  /** On the way from the base to the uniform soup and beyond. */
  readonly interpolation: readonly Interpolation[];
  /** `confusion[truth][answer]` of the uniform soup on shifted pictures. */
  readonly confusion: readonly (readonly number[])[];
  readonly soup: StateDict;
  readonly backend: string;
}

export interface Work {
  readonly onStep: (label: string) => void;
  readonly signal?: AbortSignal;
}

/** Steps {@link runSeed} reports: base, four variants, six merges with their measurement, interpolation. */
export const stepsPerSeed = 13;

/** Trains, fine-tunes, merges and measures once. */
export async function runSeed(digits: Digits, seed: number, { onStep, signal }: Work): Promise<Outcome> {
  const root = key(seed);
  const data = split(digits, root);
  const train = async (
    name: string,
    rows: Dataset,
    epochs: number,
    rate: number,
    from?: StateDict,
  ): Promise<StateDict> => {
    const batchSize = 32;
    const steps = epochs * Math.ceil(rows.inputs.shape[0] / batchSize);
    const { params } = await fit({
      model,
      params: from,
      loss: softmaxCrossEntropy,
      data: rows,
      optimizer: adamw({ learningRate: rate, weightDecay: 0.01 }),
      schedule: cosineSchedule({ learningRate: rate, steps }),
      epochs,
      batchSize,
      key: foldIn(root, name),
      signal,
    });
    onStep(`seed ${seed}: ${name}`);
    return params;
  };
  const measure = async (params: StateDict) => {
    const score = async (rows: Dataset): Promise<number> =>
      (await evaluate({ model, params, data: rows, metrics: { accuracy }, signal })).accuracy;
    return { clean: await score(data.cleanTest), shifted: await score(data.shiftedTest) };
  };

  const base = await train('base', data.train, 20, 3e-3);
  const variants: StateDict[] = [];
  for (const [i, rows] of data.finetune.entries()) {
    variants.push(await train(`variant ${i + 1}`, rows, 30, learningRates[i], base));
  }
  const validate = async (params: StateDict): Promise<number> =>
    (await evaluate({ model, params, data: data.validation, metrics: { accuracy }, signal })).accuracy;

  const merges: Record<string, () => Promise<StateDict>> = {
    uniformSoup: () => uniformSoup(variants),
    greedySoup: async () => (await greedySoup(variants, { evaluate: validate })).params,
    linear: () => linear(variants, { weights: [1, 2, 2, 1] }),
    slerp: () => slerp([variants[1], variants[2]], { t: 0.5 }),
    taskArithmetic: () => taskArithmetic(base, variants, { lambda: 0.4 }),
    tiesMerge: () => tiesMerge(base, variants, { density: 0.5 }),
  };

  const scores: Score[] = [{ name: 'base', kind: 'base', ...(await measure(base)) }];
  for (const [i, params] of variants.entries()) {
    scores.push({ name: `variant ${i + 1}`, kind: 'variant', ...(await measure(params)) });
  }
  let soup = base;
  for (const [name, merge] of Object.entries(merges)) {
    const params = await merge();
    if (name === 'uniformSoup') soup = params;
    scores.push({ name, kind: 'merge', ...(await measure(params)) });
    onStep(`seed ${seed}: ${name}`);
  }

  const interpolation: Interpolation[] = [];
  for (let i = 0; i <= 15; i++) {
    const t = i / 10;
    interpolation.push({ t, ...(await measure(await taskArithmetic(base, [soup], { lambda: t }))) });
  }
  onStep(`seed ${seed}: interpolation`);
  const answers = argmax(
    await predict({ model, params: soup, inputs: data.shiftedTest.inputs }),
    1,
  ).dataSync();
  const truth = data.shiftedTest.targets.dataSync();
  const confusion = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  truth.forEach((label, i) => confusion[label][answers[i]]++);
  onStep(`seed ${seed}: answers`);
  return { seed, scores, interpolation, confusion, soup, backend: backendReport().name };
}
