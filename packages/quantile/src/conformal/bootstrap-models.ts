import type { generator } from '@weightloom/tensor-gpu';
import type { LongWork } from '../internal/long-work.js';
import type { FitModel, PredictModel } from './cross-fit.js';
import { predictRows } from './cv-plus.js';

export type Aggregate = 'mean' | 'median';

/** Models on bootstrap samples, and for every training row the models that never saw it. */
export interface BootstrapModels<Row> {
  readonly models: readonly PredictModel<Row>[];
  /** `outOfBag[i]`: indices of the models whose sample left row `i` out. */
  readonly outOfBag: readonly (readonly number[])[];
  /** Predictions of the training rows by the models that left them out; NaN where none did. */
  readonly leftOut: Float64Array;
}

/** Fits one model per sample of row indices. */
export async function fitBootstrap<Row>(
  where: string,
  x: readonly Row[],
  y: Float64Array,
  samples: readonly Int32Array[],
  fit: FitModel<Row>,
  aggregate: Aggregate,
  { onProgress, signal }: LongWork,
): Promise<BootstrapModels<Row>> {
  const models: PredictModel<Row>[] = [];
  const predictions: Float64Array[] = [];
  const outOfBag: number[][] = x.map(() => []);
  for (const [b, sample] of samples.entries()) {
    signal?.throwIfAborted();
    const model = await fit(
      Array.from(sample, (i) => x[i]!),
      Float64Array.from(sample, (i) => y[i]!),
    );
    models.push(model);
    predictions.push(await predictRows(where, model, x));
    const inside = new Set(sample);
    outOfBag.forEach((list, i) => {
      if (!inside.has(i)) list.push(b);
    });
    onProgress?.({ done: b + 1, total: samples.length, label: 'Bootstrap models' });
  }
  const leftOut = Float64Array.from(outOfBag, (list, i) =>
    combine(
      list.map((b) => predictions[b]![i]!),
      aggregate,
    ),
  );
  return { models, outOfBag, leftOut };
}

/** Blocks of `length` neighbouring rows drawn with replacement until there are `n` indices; `length` 1 is the plain bootstrap. */
export function blockSample(random: ReturnType<typeof generator>, n: number, length: number): Int32Array {
  const out = new Int32Array(n);
  let start = 0;
  for (let i = 0; i < n; i++) {
    if (i % length === 0) start = random.integer(n - length + 1);
    out[i] = start + (i % length);
  }
  return out;
}

/** Mean or median; NaN of nothing. */
export function combine(values: readonly number[], aggregate: Aggregate): number {
  if (aggregate === 'mean') return values.reduce((sum, value) => sum + value, 0) / values.length;
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function checkBootstrap(where: string, models: number, aggregate: Aggregate): void {
  if (!(Number.isInteger(models) && models >= 2))
    throw new RangeError(`${where}: models is ${models}, expected an integer of at least 2`);
  if (aggregate !== 'mean' && aggregate !== 'median')
    throw new RangeError(`${where}: aggregate is "${String(aggregate)}", expected "mean" or "median"`);
}
