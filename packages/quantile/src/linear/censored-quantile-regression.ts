import { toLevels, toTarget } from '../internal/check-data.js';
import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { chooseBasis } from './choose-basis.js';
import type { DesignOptions } from './design.js';
import { buildDesign } from './design.js';
import type { PreparedRows } from './exact-fit.js';
import { prepareRows, userCoefficients } from './exact-fit.js';
import { interiorPoint } from './interior-point.js';
import type { PinballProblem } from './pinball-problem.js';
import { residuals } from './pinball-problem.js';
import type { VertexDescent } from './vertex-descent.js';
import { vertexDescent } from './vertex-descent.js';

export interface CensoredQuantileRegressionOptions extends DesignOptions {
  /**
   * Rising levels at which the equations are solved one after the other, `[m]`; default 1/n, then steps of
   * `min(0.01, 1 / (2 n^0.7))` as in R quantreg. The finer, the smaller the bias.
   */
  readonly grid?: ArrayLike<number>;
  /** `pengHuang` (martingale equations) or `portnoy` (mass sent to the right); default `portnoy`. */
  readonly estimator?: 'pengHuang' | 'portnoy';
}

/** Solutions on a grid, as far as the data identify them. */
export interface CensoredQuantileRegression {
  readonly names: readonly string[];
  readonly intercept: boolean;
  /** The levels reached: the grid, cut where censoring leaves no finite solution. */
  readonly levels: Float64Array;
  /** `[m, d]`. */
  readonly coefficients: Matrix;
}

/** How far out, in units of the residuals' size, the point stands that carries a linear term. */
const FAR = 1e7;

/**
 * Linear quantile regression with a randomly right-censored target.
 *
 * Row `i` is `y_i = min(t_i, c_i)` with `observed_i = (t_i ≤ c_i)`; censoring may depend on `x`. Both estimators climb a
 * grid of levels. Peng-Huang solves
 * `Σ_i x_i [ 1{y_i ≤ x_iᵀb(τ), observed} - Σ_{k ≤ j} 1{y_i ≥ x_iᵀb(τ_{k-1})} (H(τ_k) - H(τ_{k-1})) ] ≈ 0`,
 * `H(u) = -ln(1 - u)`. Portnoy gives a censored row, once the plane has passed it at level `τ̂_i`, the weight
 * `(τ - τ̂_i) / (1 - τ̂_i)` at `c_i` and the rest at infinity; `τ̂_i` is interpolated between grid levels. Each step is an exact
 * linear program. Where too much is censored the upper levels do not exist; the answer then ends early.
 * For left censoring negate `y` and the levels' order.
 *
 * @param observed - whether each `y_i` is the event itself (true) or a censoring time (false), `[n]`
 * @throws {RangeError} as {@link quantileRegression}; when nothing is observed; when the lowest level has no solution
 * @see Portnoy 2003, JASA 98; Peng, Huang 2008, JASA 103
 */
export function censoredQuantileRegression(
  x: MatrixInput,
  y: ArrayLike<number>,
  observed: readonly boolean[],
  options: CensoredQuantileRegressionOptions = {},
): CensoredQuantileRegression {
  const where = 'censoredQuantileRegression';
  const { intercept = true, estimator = 'portnoy' } = options;
  const design = buildDesign(where, x, options);
  const n = design.rows;
  const target = toTarget(where, y, n);
  if (observed.length !== n)
    throw new RangeError(`${where}: observed has ${observed.length} values, expected ${n}`);
  if (!observed.some(Boolean))
    throw new RangeError(`${where}: no row is observed, expected at least one event`);
  const grid = toLevels(where, options.grid ?? defaultGrid(n));
  const rows = prepareRows(where, design, target, new Float64Array(n).fill(1));
  const step = estimator === 'portnoy' ? portnoySteps(rows, observed) : pengHuangSteps(rows, observed);

  const d = design.columns;
  const planes: Float64Array[] = [];
  for (const level of grid) {
    const vertex = step(level);
    if (!vertex) break;
    planes.push(userCoefficients(rows, vertex));
  }
  if (planes.length === 0)
    throw new RangeError(`${where}: level ${grid[0]} has no solution; too few events below it`);
  const data = new Float64Array(planes.length * d);
  planes.forEach((plane, k) => data.set(plane, k * d));
  return {
    names: design.names,
    intercept,
    levels: grid.slice(0, planes.length),
    coefficients: { data, rows: planes.length, columns: d },
  };
}

function defaultGrid(n: number): number[] {
  const step = Math.min(0.01, 1 / (2 * n ** 0.7));
  const grid: number[] = [];
  for (let level = 1 / n; level <= 1 - 1 / n + 1e-12; level = 1 / n + grid.length * step) grid.push(level);
  return grid;
}

/** One solve per call, levels rising; undefined when the program has no finite solution. */
type Step = (level: number) => VertexDescent | undefined;

function pengHuangSteps(rows: PreparedRows, observed: readonly boolean[]): Step {
  const { z, rest, design } = rows;
  const d = design.columns;
  const events = observed.flatMap((seen, i) => (seen ? [i] : []));
  const exposure = new Float64Array(rest.length);
  let previous = 0;
  let residual: Float64Array | undefined;
  return (level) => {
    const rise = Math.log1p(-previous) - Math.log1p(-level);
    for (let i = 0; i < exposure.length; i++) if (!residual || residual[i]! >= 0) exposure[i]! += rise;
    // (x b - y)₊ is half the absolute error plus half the error: the second half joins the linear term.
    const linear = new Float64Array(d);
    for (let i = 0; i < exposure.length; i++) {
      const factor = (observed[i] ? 0.5 : 0) - exposure[i]!;
      for (let j = 0; j < d; j++) linear[j]! -= factor * z[i * d + j]!;
    }
    const half = new Float64Array(events.length).fill(0.5);
    const vertex = solveWithLinearTerm(rows, events, half, half, linear);
    if (!vertex) return undefined;
    residual = residuals({ z, d, y: rest }, vertex.coefficients);
    // Basis rows lie on the plane up to rounding.
    for (const row of vertex.basis) residual[row] = 0;
    previous = level;
    return vertex;
  };
}

function portnoySteps(rows: PreparedRows, observed: readonly boolean[]): Step {
  const { z, rest, design } = rows;
  const n = rest.length;
  const d = design.columns;
  const all = [...rest.keys()];
  const passed = new Float64Array(n).fill(NaN);
  let previous = 0;
  let residual: Float64Array | undefined;
  return (level) => {
    const weight = passed.map((at) => (Number.isNaN(at) ? 1 : (level - at) / (1 - at)));
    const linear = new Float64Array(d);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < d; j++) linear[j]! += level * (1 - weight[i]!) * z[i * d + j]!;
    const kept = all.filter((i) => weight[i]! > 0);
    const up = Float64Array.from(kept, (i) => level * weight[i]!);
    const down = Float64Array.from(kept, (i) => (1 - level) * weight[i]!);
    const vertex = solveWithLinearTerm(rows, kept, up, down, linear);
    if (!vertex) return undefined;
    const now = residuals({ z, d, y: rest }, vertex.coefficients);
    for (const row of vertex.basis) now[row] = 0;
    for (let i = 0; i < n; i++) {
      if (observed[i] || !Number.isNaN(passed[i]!) || now[i]! > 0) continue;
      const before = residual?.[i];
      passed[i] =
        before === undefined || before <= 0
          ? level
          : previous + (before / (before - now[i]!)) * (level - previous);
    }
    residual = now;
    previous = level;
    return vertex;
  };
}

/** Minimises the pinball cost of some rows minus `linearᵀb`; undefined when unbounded. Row numbers are those of `rows`. */
function solveWithLinearTerm(
  { z, rest, design, scale }: PreparedRows,
  kept: readonly number[],
  up: Float64Array,
  down: Float64Array,
  linear: Float64Array,
): VertexDescent | undefined {
  const d = design.columns;
  const count = kept.length;
  const part = new Float64Array((count + 1) * d);
  kept.forEach((row, k) => part.set(z.subarray(row * d, (row + 1) * d), k * d));
  const y = new Float64Array(count + 1);
  kept.forEach((row, k) => (y[k] = rest[row]!));
  // A row far above the plane, whose cost of one unit is the linear term.
  const size = Math.hypot(...linear);
  const extra = size > 1e-12 * count;
  if (extra) {
    part.set(
      linear.map((value) => value / size),
      count * d,
    );
    y[count] = FAR * scale;
  }
  const total = extra ? count + 1 : count;
  const problem: PinballProblem = {
    z: part.subarray(0, total * d),
    d,
    y: y.subarray(0, total),
    up: Float64Array.from([...up, ...(extra ? [size] : [])]),
    down: Float64Array.from([...down, ...(extra ? [size] : [])]),
  };
  const start = interiorPoint(
    { ...problem, y: problem.y.map((value) => Math.min(value, 10 * scale)) },
    new Float64Array(d),
    1e-5,
  );
  const basis = chooseBasis(problem.z, d, start.interiority);
  if (!basis) return undefined;
  const vertex = vertexDescent(problem, { basis, scale });
  // The far row in the basis or below the plane: only it keeps the program from being unbounded.
  if (extra && (vertex.side[count] !== 1 || vertex.basis.includes(count))) return undefined;
  return { ...vertex, basis: vertex.basis.map((k) => kept[k]!) };
}
