import type { MatrixInput } from '../internal/matrix.js';
import type { Inference, InferenceOptions } from './infer-quantile-regression.js';
import { inferQuantileRegression } from './infer-quantile-regression.js';
import { pseudoR1 } from './pseudo-r1.js';
import type { QuantileRegression } from './quantile-regression.js';

export interface SummaryOptions extends InferenceOptions {
  /** Name of the target in the table; default `y`. */
  readonly target?: string;
}

export interface QuantileRegressionSummary {
  readonly inference: Inference;
  /** Goodness of fit per level, `[m]`. */
  readonly pseudoR1: Float64Array;
  /** One table per level, in the layout of statsmodels' `QuantReg` summary. */
  readonly tables: readonly string[];
}

const WIDTH = 78;
const LEFT = 37;

/**
 * Inference with a printable table per level, laid out as statsmodels prints it; with `method: 'robust'` the numbers
 * are statsmodels' too, and that is the default here. Two differences away from the median: rounding decides in statsmodels on
 * which side of the plane the rows on it lie (here: below), which moves its errors by a few per cent in small samples; and
 * its constant model is an interpolated quantile, here the best constant.
 *
 * @throws {RangeError} as {@link inferQuantileRegression}
 */
export function summarizeQuantileRegression(
  fit: QuantileRegression,
  x: MatrixInput,
  y: ArrayLike<number>,
  options: SummaryOptions = {},
): QuantileRegressionSummary {
  const inference = inferQuantileRegression(fit, x, y, { method: 'robust', ...options });
  const fitness = pseudoR1(fit, y, options.weights);
  const tables = Array.from(fit.levels, (_, k) =>
    table(fit, inference, fitness[k]!, k, options.target ?? 'y'),
  );
  return { inference, pseudoR1: fitness, tables };
}

function table(
  fit: QuantileRegression,
  inference: Inference,
  fitness: number,
  k: number,
  target: string,
): string {
  const { confidence, method, standardErrors, tValues, pValues, lower, upper } = inference;
  const left: [string, string][] = [
    ['Dep. Variable:', target],
    ['Model:', 'QuantReg'],
    ['Method:', 'Exact LP'],
    ['Level:', String(fit.levels[k])],
    ['Std. errors:', method],
  ];
  const right: [string, string][] = [
    ['Pseudo R-squared:', general(fitness, 4, true)],
    ['Bandwidth:', general(inference.bandwidth[k]!, 4, true)],
    ['Sparsity:', general(inference.sparsity[k]!, 4, true)],
    ['No. Observations:', String(fit.rows)],
    ['Df Residuals:', String(inference.degreesOfFreedom)],
    ['Df Model:', String(fit.names.length - (fit.intercept ? 1 : 0))],
  ];
  const pair = (width: number, [label, value]: [string, string] = ['', '']): string =>
    label + value.padStart(width - label.length);
  const head = right.map((entry, line) => `${pair(LEFT, left[line])}   ${pair(WIDTH - LEFT - 3, entry)}`);

  const stub = Math.max(9, ...fit.names.map((name) => name.length));
  const tail = Number(((1 - confidence) / 2).toFixed(8));
  const widths = [12, 11, 11, 11, 12, 12];
  const row = (name: string, cells: readonly string[]): string =>
    name.padEnd(stub) + cells.map((cell, at) => cell.padStart(widths[at]!)).join('');
  const d = fit.names.length;
  const body = fit.names.map((name, j) => {
    const at = k * d + j;
    return row(name, [
      cell(fit.coefficients.data[at]!, 4),
      cell(standardErrors.data[at]!, 3),
      tValues.data[at]!.toFixed(3),
      pValues.data[at]!.toFixed(3),
      cell(lower.data[at]!, 3),
      cell(upper.data[at]!, 3),
    ]);
  });
  const columns = row('', ['coef', 'std err', 't', 'P>|t|', `[${tail}`, `${Number((1 - tail).toFixed(8))}]`]);
  const wide = columns.length;
  const title = 'QuantReg Regression Results';
  return [
    ' '.repeat(Math.floor((wide - title.length) / 2)) + title,
    '='.repeat(wide),
    ...head,
    '='.repeat(wide),
    columns,
    '-'.repeat(wide),
    ...body,
    '='.repeat(wide),
  ].join('\n');
}

/** A cell as statsmodels writes it: fixed point, or three digits with an exponent when very large or very small. */
const cell = (value: number, digits: number): string =>
  Math.abs(value) >= 1e4 || Math.abs(value) < 1e-4 ? general(value, 3, false) : value.toFixed(digits);

/** C's `%g` (`%#g` when `keepZeros`) with a number of significant digits. */
function general(value: number, digits: number, keepZeros: boolean): string {
  if (!Number.isFinite(value)) return String(value).toLowerCase().replace('infinity', 'inf');
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e') as [string, string];
  const power = Number(exponent);
  const trim = (text: string): string =>
    keepZeros || !text.includes('.') ? text : text.replace(/\.?0+$/, '');
  if (power >= -4 && power < digits)
    return trim(value.toFixed(digits - 1 - power)) + (keepZeros && power === digits - 1 ? '.' : '');
  return `${trim(mantissa)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
