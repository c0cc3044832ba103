import { dispose, jit, type Jitted, slice, type Tensor, tidy } from '@weightloom/tensor-gpu';
import { countExamples, type Dataset } from '../data/dataset.js';
import { checkCount } from '../internal/checks.js';
import { type LongWorkOptions, runSteps } from '../internal/long-work.js';
import type { Loss } from '../losses/reduction.js';
import { accuracy } from '../metrics/accuracy.js';
import type { Apply, Model, StateDict } from '../model.js';

/** A number per batch that is a mean over its rows, so that batches can be averaged; every mean loss is one. */
export type Metrics = Readonly<Record<string, Loss>>;

export interface EvaluateOptions<M extends Metrics> extends LongWorkOptions {
  readonly model: Pick<Model, 'apply'>;
  readonly params: StateDict;
  readonly data: Dataset;
  /** What to measure, by name; default `{ accuracy }`. A loss is a metric too: `{ loss: softmaxCrossEntropy, accuracy }`. */
  readonly metrics?: M;
  /** Rows computed at once; default 256. */
  readonly batchSize?: number;
}

type Measure = Jitted<[StateDict, Tensor, Tensor], Record<string, Tensor>>;
const compiled = new WeakMap<Apply, { readonly metrics: Metrics; readonly measure: Measure }[]>();
const defaults = { accuracy };

/**
 * Means of metrics over a data set, computed in batches with `train: false`. For metrics that are no means of rows (F1, AUC) use
 * `predict` and the functions of that name.
 *
 * @returns one number a metric, weighted by rows
 */
export async function evaluate<M extends Metrics = typeof defaults>({
  model,
  params,
  data,
  metrics = defaults as unknown as M,
  batchSize = 256,
  ...work
}: EvaluateOptions<M>): Promise<{ [K in keyof M]: number }> {
  const count = countExamples('evaluate', data);
  checkCount('evaluate', 'batchSize', batchSize);
  const measure = measureOf(model.apply, metrics);
  const totals = Object.fromEntries(Object.keys(metrics).map((name) => [name, 0]));
  await runSteps(
    Math.ceil(count / batchSize),
    async (i) => {
      const [from, to] = [i * batchSize, Math.min(count, (i + 1) * batchSize)];
      const values = tidy(() =>
        measure(params, slice(data.inputs, [from], [to]), slice(data.targets, [from], [to])),
      );
      for (const name of Object.keys(metrics)) totals[name] += (await values[name].data())[0] * (to - from);
      dispose(values);
      return false;
    },
    work,
    () => 'evaluate',
  );
  return Object.fromEntries(Object.keys(metrics).map((name) => [name, totals[name] / count])) as {
    [K in keyof M]: number;
  };
}

function measureOf(apply: Apply, metrics: Metrics): Measure {
  const known = compiled.get(apply) ?? [];
  compiled.set(apply, known);
  const names = Object.keys(metrics);
  const same = (other: Metrics): boolean =>
    Object.keys(other).length === names.length && names.every((name) => other[name] === metrics[name]);
  let entry = known.find((e) => same(e.metrics));
  if (!entry) {
    const measure = jit(
      (params: StateDict, inputs: Tensor, targets: Tensor) => {
        const outputs = apply(params, inputs, {});
        return Object.fromEntries(names.map((name) => [name, metrics[name](outputs, targets)]));
      },
      { name: 'evaluate' },
    );
    known.push((entry = { metrics, measure }));
  }
  return entry.measure;
}
