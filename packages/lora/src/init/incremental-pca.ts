import { AdapterError } from '../adapter-error.js';
import { matrix } from '../internal/multiply.js';
import { thinSvd } from '../internal/singular.js';

/** Principal components of rows that come batch by batch. */
export interface IncrementalPca {
  /** `[k, features]`, orthonormal rows; the largest element of each (by magnitude) is positive. */
  readonly components: Float32Array;
  /** `[k]`, descending: singular values of all rows so far, mean-centred. */
  readonly singularValues: Float32Array;
  /** `[k]`: share of the variance of all rows so far that each component explains. */
  readonly explainedVarianceRatio: Float64Array;
  readonly rows: number;
  readonly features: number;
  readonly mean: Float64Array;
  /** Sum over all features and rows of the squared distance from the mean. */
  readonly scatter: number;
}

/**
 * Adds a batch: the singular value decomposition of what is known so far, `[Σ V; X - mean; correction]`.
 *
 * @param previous - the result for the batches before, `undefined` for the first
 * @param x - `[rows, features]`, row-major; at least `count` rows
 * @param count - number of components that are kept, at most `features`
 * @throws {AdapterError} for NaN and infinities, naming the element
 * @see Ross et al. 2008, "Incremental Learning for Robust Visual Tracking"
 */
export function incrementalPca(
  previous: IncrementalPca | undefined,
  x: Float32Array,
  features: number,
  count: number,
  where = 'incrementalPca',
): IncrementalPca {
  const rows = x.length / features;
  const bad = x.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new AdapterError({
      where,
      expected: 'finite activations',
      received: `${x[bad]} at element ${bad}`,
    });
  if (rows < count || count > features) {
    const expected = `at least ${count} rows of at least ${count} features`;
    throw new AdapterError({ where, expected, received: `${rows} rows of ${features}` });
  }
  const batchMean = columnMeans(x, features);
  const seen = previous?.rows ?? 0;
  const total = seen + rows;
  const kept = previous ? previous.singularValues.length : 0;
  const stacked = new Float32Array((kept + rows + (previous ? 1 : 0)) * features);
  for (let i = 0; i < kept * features; i++) {
    stacked[i] = previous!.singularValues[Math.floor(i / features)]! * previous!.components[i]!;
  }
  let scatter = previous?.scatter ?? 0;
  for (let i = 0; i < x.length; i++) {
    const centred = x[i]! - batchMean[i % features]!;
    stacked[kept * features + i] = centred;
    scatter += centred * centred;
  }
  const mean = Float64Array.from(batchMean);
  if (previous) {
    const factor = Math.sqrt((seen * rows) / total);
    for (let j = 0; j < features; j++) {
      const correction = factor * (previous.mean[j]! - batchMean[j]!);
      stacked[stacked.length - features + j] = correction;
      scatter += correction * correction;
      mean[j] = (previous.mean[j]! * seen + batchMean[j]! * rows) / total;
    }
  }
  const { s, vt } = thinSvd(matrix(stacked, stacked.length / features, features));
  const components = vt.values.slice(0, count * features);
  for (let k = 0; k < count; k++) orient(components.subarray(k * features, (k + 1) * features));
  const singularValues = s.slice(0, count);
  const explainedVarianceRatio = Float64Array.from(singularValues, (value) =>
    scatter === 0 ? 0 : value ** 2 / scatter,
  );
  return { components, singularValues, explainedVarianceRatio, rows: total, features, mean, scatter };
}

function columnMeans(x: Float32Array, features: number): Float64Array {
  const sums = new Float64Array(features);
  for (let i = 0; i < x.length; i++) sums[i % features]! += x[i]!;
  return sums.map((sum) => sum / (x.length / features));
}

/** Turns a vector so that its largest element is positive. */
function orient(vector: Float32Array): void {
  let largest = 0;
  for (let i = 1; i < vector.length; i++) if (Math.abs(vector[i]!) > Math.abs(vector[largest]!)) largest = i;
  if (vector[largest]! < 0) for (let i = 0; i < vector.length; i++) vector[i] = -vector[i]!;
}
