import { toLevels, toTarget } from '../internal/check-data.js';
import { invert } from '../internal/invert.js';
import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { toVector } from '../internal/matrix.js';
import { chooseBasis } from './choose-basis.js';
import type { Design, DesignOptions } from './design.js';
import { buildDesign } from './design.js';
import type { PreparedRows } from './exact-fit.js';
import { exactFit, prepareRows } from './exact-fit.js';
import { unwhiten } from './whiten.js';

export interface PowellQuantileRegressionOptions extends DesignOptions {
  /** Quantile levels, strictly rising, inside (0, 1); default `[0.5]`. */
  readonly levels?: ArrayLike<number>;
  /** `left`: values below the censoring point are seen as the point itself; `right`: values above. Default `left`. */
  readonly side?: 'left' | 'right';
}

/** A local optimum of the censored objective per level. */
export interface PowellQuantileRegression {
  readonly levels: Float64Array;
  readonly names: readonly string[];
  readonly intercept: boolean;
  /** `[m, d]`. */
  readonly coefficients: Matrix;
  /** `Σ_i ψ_τ(y_i - max(c_i, x_iᵀb))` per level, `[m]`. */
  readonly objective: Float64Array;
}

/** Refits of the rows predicted to be uncensored before the edge search begins. */
const REFITS = 20;

/**
 * Powell's quantile regression for a target censored at known points: `min_b Σ_i ψ_τ(y_i - max(c_i, x_iᵀb))` (`min` for the
 * right side). The censoring point of every row is known, also where the row is not censored (a detection limit, say).
 *
 * The objective is not convex, so the answer is a local optimum: starting from the plain fit, from the fit of the rows
 * above their censoring point, and from repeated fits of the rows predicted to be uncensored, the search walks along
 * edges between vertices, taking the best point of the whole line each time, until no edge improves. The best of these
 * is returned.
 *
 * @param points - `c_i`, `[n]`
 * @throws {RangeError} as {@link quantileRegression}, or when a row lies beyond its censoring point (named)
 * @see Powell 1986, J. Econometrics 32; Fitzenberger 1997, "A guide to censored quantile regressions"
 */
export function powellQuantileRegression(
  x: MatrixInput,
  y: ArrayLike<number>,
  points: ArrayLike<number>,
  options: PowellQuantileRegressionOptions = {},
): PowellQuantileRegression {
  const where = 'powellQuantileRegression';
  const { side = 'left', intercept = true } = options;
  const levels = toLevels(where, options.levels ?? [0.5]);
  const design = buildDesign(where, x, options);
  const target = toTarget(where, y, design.rows);
  const limits = toVector(where, 'points', points, design.rows);
  const sign = side === 'left' ? 1 : -1;
  const beyond = target.findIndex((value, i) => sign * (value - limits[i]!) < 0);
  if (beyond >= 0)
    throw new RangeError(
      `${where}: y[${beyond}] is ${target[beyond]}, on the censored side of points[${beyond}], ${limits[beyond]}; expected it at the point itself`,
    );
  // Right censoring is left censoring of the mirrored target at the mirrored level.
  const mirrored = { y: target.map((value) => sign * value), points: limits.map((value) => sign * value) };
  const m = levels.length;
  const d = design.columns;
  const data = new Float64Array(m * d);
  const objective = new Float64Array(m);
  levels.forEach((level, k) => {
    const found = solve(where, design, mirrored.y, mirrored.points, side === 'left' ? level : 1 - level);
    found.b.forEach((value, j) => (data[k * d + j] = sign * value));
    objective[k] = found.cost;
  });
  return { levels, names: design.names, intercept, coefficients: { data, rows: m, columns: d }, objective };
}

interface Candidate {
  readonly b: Float64Array;
  readonly cost: number;
}

function solve(
  where: string,
  design: Design,
  y: Float64Array,
  points: Float64Array,
  level: number,
): Candidate {
  const all = prepareRows(where, design, y, new Float64Array(y.length).fill(1));
  const uncensored = Array.from(y, (value, i) => value > points[i]!);
  const starts = [exactFit(all, level).coefficients];
  let kept = uncensored;
  for (let refit = 0; refit < REFITS; refit++) {
    const plane = tryFit(where, design, y, kept, level);
    if (!plane) break;
    starts.push(plane);
    const next = Array.from(y, (_, i) => fitted(design, plane, i) > points[i]!);
    if (next.every((value, i) => value === kept[i])) break;
    kept = next;
  }
  return starts
    .map((b) => descend(all, y, points, level, b))
    .reduce((best, candidate) => (candidate.cost < best.cost ? candidate : best));
}

/** Exact fit of some rows, or undefined when they are too few or lack rank. */
function tryFit(
  where: string,
  design: Design,
  y: Float64Array,
  kept: readonly boolean[],
  level: number,
): Float64Array | undefined {
  const d = design.columns;
  const rows = kept.flatMap((keep, i) => (keep ? [i] : []));
  if (rows.length <= d) return undefined;
  const data = new Float64Array(rows.length * d);
  rows.forEach((row, k) => data.set(design.data.subarray(row * d, (row + 1) * d), k * d));
  const part = { ...design, data, rows: rows.length };
  try {
    const target = Float64Array.from(rows, (row) => y[row]!);
    return exactFit(prepareRows(where, part, target, new Float64Array(rows.length).fill(1)), level)
      .coefficients;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Walks along edges from the vertex nearest to `start` until none improves. */
function descend(
  rows: PreparedRows,
  y: Float64Array,
  points: Float64Array,
  level: number,
  start: Float64Array,
): Candidate {
  const { design, r } = rows;
  const d = design.columns;
  const b = start.slice();
  let cost = censoredCost(design, y, points, level, b);
  const nearness = y.map((value, i) => {
    const plane = fitted(design, b, i);
    return -Math.min(Math.abs(value - plane), Math.abs(points[i]! - plane));
  });
  let held = [...chooseBasis(rows.z, d, nearness)!];
  for (let move = 0; move < 100 * y.length; move++) {
    const square = new Float64Array(d * d);
    held.forEach((row, p) => square.set(rows.z.subarray(row * d, (row + 1) * d), p * d));
    const inverse = invert(square, d);
    if (!inverse) break;
    let best: { position: number; edge: Float64Array; step: LineMinimum } | undefined;
    for (let p = 0; p < d; p++) {
      const edge = unwhiten(
        r,
        Float64Array.from({ length: d }, (_, l) => inverse[l * d + p]!),
      );
      const step = lineMinimum(design, y, points, level, b, edge);
      if (step && step.cost < (best?.step.cost ?? cost - 1e-12 * Math.abs(cost)))
        best = { position: p, edge, step };
    }
    if (!best) break;
    const { position, edge, step } = best;
    edge.forEach((value, j) => (b[j]! += step.at * value));
    cost = censoredCost(design, y, points, level, b);
    held = held.map((row, p) => (p === position ? step.row : row));
  }
  return { b, cost };
}

const fitted = ({ data, columns }: Design, b: Float64Array, row: number): number => {
  let value = 0;
  for (let j = 0; j < columns; j++) value += data[row * columns + j]! * b[j]!;
  return value;
};

function censoredCost(
  design: Design,
  y: Float64Array,
  points: Float64Array,
  level: number,
  b: Float64Array,
): number {
  let cost = 0;
  for (let i = 0; i < y.length; i++) {
    const e = y[i]! - Math.max(points[i]!, fitted(design, b, i));
    cost += Math.max(level * e, (level - 1) * e);
  }
  return cost;
}

interface LineMinimum {
  readonly at: number;
  readonly row: number;
  readonly cost: number;
}

/** Global minimum of the censored objective on the line `b + t · edge`: it lies at a kink of some row. */
function lineMinimum(
  design: Design,
  y: Float64Array,
  points: Float64Array,
  level: number,
  b: Float64Array,
  edge: Float64Array,
): LineMinimum | undefined {
  const kinks: { at: number; row: number; bend: number }[] = [];
  let slope = 0;
  const speeds = new Float64Array(y.length);
  const values = new Float64Array(y.length);
  for (let i = 0; i < y.length; i++) {
    const v = fitted(design, edge, i);
    const u = fitted(design, b, i);
    speeds[i] = v;
    values[i] = u;
    if (Math.abs(v) <= 1e-12 * Math.hypot(...edge)) continue;
    // As u rises: flat up to the censoring point, then -τ up to the target, then 1 - τ. Seen in order of t.
    const censor = (points[i]! - u) / v;
    const hit = (y[i]! - u) / v;
    kinks.push({ at: censor, row: i, bend: -level * Math.abs(v) }, { at: hit, row: i, bend: Math.abs(v) });
    // Slope at t → -∞: flat for v > 0; for v < 0 the plane is far above, slope (1 - τ) v.
    if (v < 0) slope += (1 - level) * v;
  }
  if (kinks.length === 0) return undefined;
  kinks.sort((a, c) => a.at - c.at);
  let height = 0;
  let lowest = 0;
  let best = 0;
  kinks.forEach(({ at, bend }, k) => {
    if (k > 0) height += slope * (at - kinks[k - 1]!.at);
    if (height < lowest) [lowest, best] = [height, k];
    slope += bend;
  });
  const { at, row } = kinks[best]!;
  let cost = 0;
  for (let i = 0; i < y.length; i++) {
    const e = y[i]! - Math.max(points[i]!, values[i]! + at * speeds[i]!);
    cost += Math.max(level * e, (level - 1) * e);
  }
  return { at, row, cost };
}
