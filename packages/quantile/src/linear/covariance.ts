import { choleskyFactor, choleskySubstitute } from '../internal/cholesky.js';
import { normalPdf, normalQuantile } from '../internal/normal.js';
import { sampleQuantile } from '../internal/sample-quantile.js';
import { weightedGram } from '../internal/weighted-gram.js';
import type { Bandwidth } from './bandwidth.js';
import { innerBandwidth, levelBandwidth } from './bandwidth.js';
import { exactFit, prepareRows } from './exact-fit.js';
import type { InferenceRows } from './inference-rows.js';
import { weightedResiduals } from './inference-rows.js';
import { unwhiten } from './whiten.js';

/** Covariance of the coefficients at one level, with what it rests on. */
export interface CovarianceEstimate {
  /** `[d, d]`, row-major. */
  readonly covariance: Float64Array;
  /** Estimate of `1 / f(F⁻¹(τ))`, the sparsity; for local densities the reciprocal of their mean. */
  readonly sparsity: number;
  /** Half-width used, in level units (`iid`, `nid`) or in units of the target (`kernel`, `robust`). */
  readonly bandwidth: number;
}

/** Square root of the machine epsilon: residuals below it count as zero, as in R quantreg. */
const ZERO = 1.4901161193847656e-8;

/**
 * Independent errors of one distribution: `τ(1 - τ) s² (XᵀX)⁻¹`, the sparsity `s` being the median-regression slope of
 * the ordered residuals around zero on their ranks (R's `se = "iid"`; where that slope is not unique, R may take another).
 */
export function iidCovariance(
  data: InferenceRows,
  level: number,
  b: Float64Array,
  rule: Bandwidth,
): CovarianceEstimate {
  const { n, d } = data;
  const r = weightedResiduals(data, b);
  const nearest = r.slice().sort((a, c) => Math.abs(a) - Math.abs(c));
  const zeros = nearest.reduce((count, value) => count + (Math.abs(value) < ZERO ? 1 : 0), 0);
  const bandwidth = levelBandwidth(level, n, rule);
  const count = Math.min(Math.max(d + 1, Math.ceil(n * bandwidth)) + 1, n - zeros);
  const ordered = nearest.slice(zeros, zeros + count).sort();
  const ranks = Float64Array.from({ length: 2 * count }, (_, at) =>
    at % 2 === 0 ? 1 : (zeros + 1 + (at >> 1)) / (n - d),
  );
  const design = { data: ranks, rows: count, columns: 2, names: ['intercept', 'rank'] };
  const line = exactFit(prepareRows('iidCovariance', design, ordered, new Float64Array(count).fill(1)), 0.5);
  const sparsity = line.coefficients[1]!;
  const bread = inverseGram(data, new Float64Array(n).fill(1));
  return {
    covariance: inUserColumns(data, scaled(bread, level * (1 - level) * sparsity ** 2)),
    sparsity,
    bandwidth,
  };
}

/**
 * Hendricks and Koenker's sandwich for errors that differ by row:
 * `τ(1 - τ) H⁻¹ (XᵀX) H⁻¹`, `H = Σ f_i x_i x_iᵀ`, `f_i = 2h / x_iᵀ(b(τ + h) - b(τ - h))` (R's `se = "nid"`).
 */
export function nidCovariance(data: InferenceRows, level: number, rule: Bandwidth): CovarianceEstimate {
  const h = innerBandwidth(level, data.n, rule);
  return sandwich(data, level, h, differenceDensities(data, level, h, 0, ZERO));
}

/** `max(least, 2h / (x_iᵀ(b(τ + h) - b(τ - h)) - epsilon))`: the density of each row at its own quantile. */
export function differenceDensities(
  data: InferenceRows,
  level: number,
  h: number,
  least: number,
  epsilon: number,
): Float64Array {
  const low = exactFit(data.rows, level - h);
  const high = exactFit(data.rows, level + h, low);
  const above = weightedResiduals(data, high.coefficients);
  return weightedResiduals(data, low.coefficients).map((value, i) =>
    Math.max(least, (2 * h) / (value - above[i]! - epsilon)),
  );
}

/** Powell's sandwich: the same form with `f_i = φ(r_i / c) / c`, a Gaussian kernel (R's `se = "ker"`). */
export function kernelCovariance(
  data: InferenceRows,
  level: number,
  b: Float64Array,
  rule: Bandwidth,
): CovarianceEstimate {
  const r = weightedResiduals(data, b);
  const spread = Math.min(standardDeviation(r, data.n - 1), quartileRange(r) / 1.34);
  const width = spread * normalReach(level, data.n, rule);
  return sandwich(
    data,
    level,
    width,
    r.map((value) => normalPdf(value / width) / width),
  );
}

/**
 * statsmodels' default: `(XᵀX)⁻¹ (Σ_i c_i x_i x_iᵀ) (XᵀX)⁻¹`, `c_i = (τ / f)²` above the plane and `((1 - τ) / f)²` on or
 * below it, with one density `f` at zero from an Epanechnikov kernel whose width follows the spread of `y`.
 */
export function robustCovariance(
  data: InferenceRows,
  level: number,
  b: Float64Array,
  rule: Bandwidth,
): CovarianceEstimate {
  const { n, d, y, z } = data;
  const r = weightedResiduals(data, b);
  const spread = Math.min(standardDeviation(y, n), quartileRange(r) / 1.34);
  const bandwidth = spread * normalReach(level, n, rule);
  const density =
    r.reduce((sum, value) => sum + 0.75 * Math.max(0, 1 - (value / bandwidth) ** 2), 0) / (n * bandwidth);
  const onPlane = 1e-9 * spread;
  const meat = new Float64Array(d * d);
  weightedGram(
    z,
    d,
    r.map((value) => ((value > onPlane ? level : 1 - level) / density) ** 2),
    meat,
  );
  const bread = inverseGram(data, new Float64Array(n).fill(1));
  const covariance = inUserColumns(data, threeProduct(bread, symmetric(meat, d), d));
  return { covariance, sparsity: 1 / density, bandwidth };
}

/** `Φ⁻¹(τ + h) - Φ⁻¹(τ - h)`. */
function normalReach(level: number, n: number, rule: Bandwidth): number {
  const h = innerBandwidth(level, n, rule);
  return normalQuantile(level + h) - normalQuantile(level - h);
}

function sandwich(
  data: InferenceRows,
  level: number,
  bandwidth: number,
  densities: Float64Array,
): CovarianceEstimate {
  const { z, n, d } = data;
  const gram = new Float64Array(d * d);
  weightedGram(z, d, new Float64Array(n).fill(1), gram);
  const covariance = scaled(
    threeProduct(inverseGram(data, densities), symmetric(gram, d), d),
    level * (1 - level),
  );
  const mean = densities.reduce((sum, value) => sum + value, 0) / n;
  return { covariance: inUserColumns(data, covariance), sparsity: 1 / mean, bandwidth };
}

/** `(Σ_i q_i z_i z_iᵀ)⁻¹`. */
export function inverseGram({ z, d }: InferenceRows, q: Float64Array): Float64Array {
  const gram = new Float64Array(d * d);
  weightedGram(z, d, q, gram);
  choleskyFactor(gram, d);
  const inverse = new Float64Array(d * d);
  for (let j = 0; j < d; j++) {
    inverse[j * d + j] = 1;
    choleskySubstitute(gram, inverse.subarray(j * d, (j + 1) * d));
  }
  return inverse;
}

/** `R⁻¹ C R⁻ᵀ`: a covariance of whitened coefficients in those of the user's columns. */
export function inUserColumns({ rows: { r }, d }: InferenceRows, covariance: Float64Array): Float64Array {
  const half = new Float64Array(d * d);
  for (let i = 0; i < d; i++) half.set(unwhiten(r, covariance.subarray(i * d, (i + 1) * d)), i * d);
  const out = new Float64Array(d * d);
  for (let j = 0; j < d; j++) {
    const column = unwhiten(
      r,
      Float64Array.from({ length: d }, (_, i) => half[i * d + j]!),
    );
    column.forEach((value, i) => (out[i * d + j] = value));
  }
  return out;
}

const scaled = (values: Float64Array, factor: number): Float64Array => values.map((value) => value * factor);

const threeProduct = (outer: Float64Array, inner: Float64Array, d: number): Float64Array =>
  product(product(outer, inner, d), outer, d);

function product(a: Float64Array, b: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++)
    for (let k = 0; k < d; k++) for (let j = 0; j < d; j++) out[i * d + j]! += a[i * d + k]! * b[k * d + j]!;
  return out;
}

function symmetric(lower: Float64Array, d: number): Float64Array {
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) lower[j * d + i] = lower[i * d + j]!;
  return lower;
}

function standardDeviation(values: Float64Array, divisor: number): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / divisor);
}

function quartileRange(values: Float64Array): number {
  const sorted = values.slice().sort();
  return sampleQuantile(sorted, 0.75) - sampleQuantile(sorted, 0.25);
}
