import { checkAtLeast } from '../internal/check-data.js';
import type { KernelOptions, ResolvedKernel } from './kernels.js';
import { kernelRow, resolveKernel } from './kernels.js';
import { readModel } from './model-json.js';
import { fittedPositions, toPredictionRows, toTrainingRows } from './model-input.js';
import type { QuantileEstimator, QuantileModel, QuantileModelJSON } from './quantile-model.js';
import type { KernelDual } from './solve-kernel-dual.js';
import { solveKernelDual } from './solve-kernel-dual.js';

export interface KernelQuantilesOptions {
  /** Default Gaussian with `γ = 1/d`. */
  readonly kernel?: KernelOptions;
  /** `C > 0` of `C Σ ψ + ½‖f‖²`, that is `1 / (λ n)`; default 1. It is measured in units of the standardised target. */
  readonly cost?: number;
  /** Centre features and target and divide them by their standard deviations first; default true. */
  readonly standardize?: boolean;
  /** Rows must agree on the constant to this, in units of the (standardised) target; default 1e-6. */
  readonly tolerance?: number;
  /** Sort each predicted row, so that quantiles never cross; default true. */
  readonly sort?: boolean;
}

interface Scaling {
  readonly centre: Float64Array;
  /** What each centred feature is multiplied by. */
  readonly scale: Float64Array;
  readonly targetCentre: number;
  readonly targetScale: number;
}

interface KernelParts extends Scaling {
  readonly kernel: ResolvedKernel;
  /** Scaled training rows, `[n, d]`. */
  readonly x: Float64Array;
  readonly duals: readonly KernelDual[];
  readonly sort: boolean;
}

/**
 * Kernel quantile regression: `f(x) = Σ_i a_i k(x_i, x) + b`, one function per level.
 *
 * `a` minimises `½ aᵀKa - aᵀy` with `Σ a_i = 0` and `C w_i (τ - 1) ≤ a_i ≤ C w_i τ`, the dual of
 * `min_f C Σ w_i ψ_τ(y_i - f(x_i)) + ½‖f‖²`; `b` comes from the rows strictly inside their box. The paper's non-crossing
 * constraints are not built; rows are sorted instead. Cost grows with `n²`: meant for a few thousand rows.
 *
 * @see Takeuchi, Le, Sears, Smola 2006, "Nonparametric quantile estimation", JMLR 7
 */
export function kernelQuantiles(options: KernelQuantilesOptions = {}): QuantileEstimator<QuantileModel> {
  const where = 'kernelQuantiles';
  const {
    kernel: kernelOptions = { type: 'gaussian' },
    cost = 1,
    standardize = true,
    tolerance = 1e-6,
    sort = true,
  } = options;
  checkAtLeast(where, 'cost', cost, Number.MIN_VALUE);
  checkAtLeast(where, 'tolerance', tolerance, Number.MIN_VALUE);
  return {
    method: 'kernel',
    fit(x, y, fitOptions) {
      const rows = toTrainingRows(where, x, y, fitOptions);
      const { rows: n, columns: d } = rows.x;
      const kernel = resolveKernel(where, kernelOptions, d);
      const scaling = standardize ? scalingOf(rows.x.data, rows.y, d) : noScaling(d);
      const scaled = scaleRows(rows.x.data, scaling);
      const target = rows.y.map((value) => (value - scaling.targetCentre) / scaling.targetScale);
      const weights = rows.weights ?? new Float64Array(n).fill(1);
      const row = (i: number, out: Float64Array): void =>
        kernelRow(kernel, scaled, scaled.subarray(i * d, (i + 1) * d), out);
      const duals = Array.from(rows.levels, (level, k) => {
        rows.signal?.throwIfAborted();
        const dual = solveKernelDual(
          target,
          weights.map((weight) => cost * weight * (level - 1)),
          weights.map((weight) => cost * weight * level),
          row,
          tolerance,
          1000 * n + 100_000,
        );
        rows.onProgress?.({ done: k + 1, total: rows.levels.length, label: `Level ${level}` });
        return dual;
      });
      return kernelModel(rows.levels, d, { ...scaling, kernel, x: scaled, duals, sort });
    },
  };
}

/** Brings a kernel model back from its JSON form. */
export function kernelQuantilesFromJSON(json: QuantileModelJSON): QuantileModel {
  const { levels, features, fields } = readModel(json, 'kernel');
  const kernel = fields.object('kernel');
  const x = fields.numbers('x');
  const duals = fields
    .list('duals')
    .map((entry) => ({ coefficients: entry.numbers('coefficients'), constant: entry.number('constant') }));
  const parts = {
    kernel: resolveKernel(
      'quantileModelFromJSON',
      {
        type: kernel.string('type') as KernelOptions['type'],
        gamma: kernel.number('gamma'),
        offset: kernel.number('offset'),
        degree: kernel.number('degree'),
      } as KernelOptions,
      features,
    ),
    x,
    duals,
    centre: fields.numbers('centre'),
    scale: fields.numbers('scale'),
    targetCentre: fields.number('targetCentre'),
    targetScale: fields.number('targetScale'),
    sort: fields.boolean('sort'),
  };
  const n = x.length / features;
  if (
    duals.length !== levels.length ||
    duals.some(({ coefficients }) => coefficients.length !== n) ||
    parts.scale.length !== features ||
    parts.centre.length !== features
  )
    throw new RangeError('quantileModelFromJSON: the parts of the kernel model do not fit together');
  return kernelModel(levels, features, parts);
}

function kernelModel(levels: Float64Array, features: number, parts: KernelParts): QuantileModel {
  const { kernel, x, duals, sort, targetCentre, targetScale } = parts;
  return {
    method: 'kernel',
    levels,
    features,
    predict(rows, asked) {
      const where = 'kernelQuantiles.predict';
      const positions = fittedPositions(where, levels, asked);
      const matrix = toPredictionRows(where, rows, features);
      const scaled = scaleRows(matrix.data, parts);
      const data = new Float64Array(matrix.rows * positions.length);
      const values = new Float64Array(x.length / features);
      const all = new Float64Array(levels.length);
      for (let i = 0; i < matrix.rows; i++) {
        kernelRow(kernel, x, scaled.subarray(i * features, (i + 1) * features), values);
        duals.forEach(({ coefficients, constant }, k) => {
          let sum = constant;
          for (let t = 0; t < values.length; t++) sum += coefficients[t]! * values[t]!;
          all[k] = sum * targetScale + targetCentre;
        });
        if (sort) all.sort();
        positions.forEach((k, at) => (data[i * positions.length + at] = all[k]!));
      }
      return { data, rows: matrix.rows, columns: positions.length };
    },
    toJSON: () => ({
      format: 'weightloom-quantile-model',
      version: 1,
      method: 'kernel',
      levels: [...levels],
      features,
      kernel: { ...kernel },
      x: [...x],
      duals: duals.map(({ coefficients, constant }) => ({ coefficients: [...coefficients], constant })),
      centre: [...parts.centre],
      scale: [...parts.scale],
      targetCentre,
      targetScale,
      sort,
    }),
  };
}

function scaleRows(data: Float64Array, { centre, scale }: Scaling): Float64Array {
  const d = scale.length;
  return data.map((value, at) => (value - centre[at % d]!) * scale[at % d]!);
}

const noScaling = (d: number): Scaling => ({
  centre: new Float64Array(d),
  scale: new Float64Array(d).fill(1),
  targetCentre: 0,
  targetScale: 1,
});

function scalingOf(data: Float64Array, y: Float64Array, d: number): Scaling {
  const columns = Array.from({ length: d }, (_, j) =>
    Float64Array.from({ length: y.length }, (__, i) => data[i * d + j]!),
  );
  const features = columns.map(meanAndDeviation);
  const target = meanAndDeviation(y);
  return {
    centre: Float64Array.from(features, ({ mean }) => mean),
    scale: Float64Array.from(features, ({ deviation }) => 1 / (deviation || 1)),
    targetCentre: target.mean,
    targetScale: target.deviation,
  };
}

function meanAndDeviation(values: Float64Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    mean,
    deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length),
  };
}
