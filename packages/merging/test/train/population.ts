import { readFileSync } from 'node:fs';
import { sgd } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { add, key, matmul, mean, square, sub, type Tensor, tensor } from '@weightloom/tensor-gpu';
import type { PopulationOptions } from '../../src/internal/train-population.js';
import { dict } from '../helpers.js';

export interface GoldenRun {
  readonly losses: number[];
  readonly models: number[][][];
  readonly params: number[][];
}

export const golden = JSON.parse(
  readFileSync(new URL('../golden/population.json', import.meta.url), 'utf8'),
) as {
  learningRate: number;
  start: number[][][];
  x: number[][][][][];
  y: number[][][];
} & Record<'papa' | 'all' | 'dart' | 'independent' | 'shared', GoldenRun>;

interface Batch {
  readonly x: readonly Tensor[];
  readonly y: Tensor;
}

const batch = (model: number, step: number): Batch => ({
  x: [0, 1].map((layer) => tensor(golden.x[model]![step]!.map((row) => row[layer]!))),
  y: tensor(golden.y[model]![step]!),
});

/** Weights of the golden models, layer by layer. */
const start: readonly StateDict[] = golden.start.map(([a, b]) =>
  dict({ 'first.weight': a!, 'last.weight': b! }),
);

/** What all golden runs have in common: models that see batches of their own. */
export const options: PopulationOptions<Batch> = {
  models: start,
  loss: (params, { x, y }) =>
    mean(square(sub(add(matmul(x[0]!, params['first.weight']!), matmul(x[1]!, params['last.weight']!)), y))),
  batch,
  steps: golden.y[0]!.length,
  optimizer: sgd({ learningRate: golden.learningRate }),
  key: key(1),
};

/** The same, but all see the batches of the first. */
export const shared: PopulationOptions<Batch> = { ...options, batch: (_, step) => batch(0, step) };
