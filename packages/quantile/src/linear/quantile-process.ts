import { toTarget, toWeights } from '../internal/check-data.js';
import { invert } from '../internal/invert.js';
import type { Matrix, MatrixInput } from '../internal/matrix.js';
import type { DesignOptions } from './design.js';
import { buildDesign } from './design.js';
import type { PreparedRows } from './exact-fit.js';
import { exactFit, prepareRows, userCoefficients } from './exact-fit.js';
import { residuals } from './pinball-problem.js';
import type { VertexDescent } from './vertex-descent.js';

export interface QuantileProcessOptions extends DesignOptions {
  /** Row weights, `[n]`; default 1. */
  readonly weights?: ArrayLike<number>;
  /** Lowest level of interest; default 0. */
  readonly from?: number;
  /** Highest level of interest; default 1. */
  readonly to?: number;
}

/** The solution at every level: a step function of the level. */
export interface QuantileProcess {
  readonly names: readonly string[];
  readonly intercept: boolean;
  /** `τ_0 < τ_1 < … < τ_J`, `[J + 1]`, from `from` to `to`. */
  readonly breakpoints: Float64Array;
  /** Row `k` is optimal for every level in `[τ_k, τ_{k+1}]`, `[J, d]`. */
  readonly coefficients: Matrix;
}

/** Pivots at one level, in multiples of `n + d`, before ties are broken by moving rows apart. */
const CYCLING = 5;

/**
 * Linear quantile regression at all levels at once, by parametric programming in `τ`: exact breakpoints.
 *
 * Inside a stretch the plane through `d` rows stays optimal; its dual variables are linear in `τ`, and where one meets
 * its bound that row is exchanged for the next row the edge meets. There are about `n log n` stretches of `O(n d)` work.
 *
 * @throws {RangeError} as {@link quantileRegression}, or unless `0 ≤ from < to ≤ 1`
 * @see Koenker, d'Orey 1987, Algorithm AS 229, Applied Statistics 36
 */
export function quantileProcess(
  x: MatrixInput,
  y: ArrayLike<number>,
  options: QuantileProcessOptions = {},
): QuantileProcess {
  const where = 'quantileProcess';
  const { from = 0, to = 1, intercept = true } = options;
  if (!(from >= 0 && from < to && to <= 1))
    throw new RangeError(`${where}: from is ${from} and to is ${to}, expected 0 ≤ from < to ≤ 1`);
  const design = buildDesign(where, x, options);
  const rows = prepareRows(
    where,
    design,
    toTarget(where, y, design.rows),
    toWeights(where, options.weights, design.rows),
  );
  const stretches = walk(rows, from, to) ?? walk(separated(rows), from, to);
  if (!stretches) throw new Error(`${where}: tied rows keep the walk over the levels from advancing`);

  const breakpoints: number[] = [from];
  const planes: Float64Array[] = [];
  for (const { end, vertex } of stretches) {
    // Several exchanges at one level: only the last plane holds for a while.
    if (end - breakpoints.at(-1)! <= 1e-13) continue;
    const plane = userCoefficients(rows, vertex);
    const last = planes.at(-1);
    if (last && samePlane(last, plane)) breakpoints[breakpoints.length - 1] = end;
    else {
      planes.push(plane);
      breakpoints.push(end);
    }
  }
  const d = design.columns;
  const data = new Float64Array(planes.length * d);
  planes.forEach((plane, k) => data.set(plane, k * d));
  return {
    names: design.names,
    intercept,
    breakpoints: Float64Array.from(breakpoints),
    coefficients: { data, rows: planes.length, columns: d },
  };
}

/** Coefficients of a process at one level inside its range, `[d]`; at a breakpoint those of the stretch above it. */
export function processCoefficients(
  { breakpoints, coefficients }: QuantileProcess,
  level: number,
): Float64Array {
  const last = breakpoints.length - 1;
  if (!(level >= breakpoints[0]! && level <= breakpoints[last]!))
    throw new RangeError(
      `processCoefficients: level is ${level}, expected it inside [${breakpoints[0]}, ${breakpoints[last]}]`,
    );
  let low = 0;
  let high = last - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (breakpoints[middle]! <= level) low = middle;
    else high = middle - 1;
  }
  const { data, columns } = coefficients;
  return data.slice(low * columns, (low + 1) * columns);
}

interface Stretch {
  readonly end: number;
  readonly vertex: Pick<VertexDescent, 'basis' | 'inverse' | 'coefficients'>;
}

/** Follows the optimum from level `from` to `to`; undefined when ties make it stand still. */
function walk(rows: PreparedRows, from: number, to: number): Stretch[] | undefined {
  const { z, design, weights, rest } = rows;
  const n = rest.length;
  const d = design.columns;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const least = Math.min(...weights) / total;
  const start = exactFit(rows, Math.min(Math.max(from, 1e-3 * least), 1 - 1e-3 * least)).vertex;
  const basis = start.basis.slice();
  const side = start.side.slice();
  let inverse: Float64Array = start.inverse.slice();
  const b = start.coefficients.slice();
  const r = residuals({ z, d, y: rest }, b);
  for (const row of basis) r[row] = 0;
  // Gradient of the rows off the plane at level τ: τ · all - below.
  const all = new Float64Array(d);
  const below = new Float64Array(d);
  const add = (target: Float64Array, row: number, factor: number): void => {
    for (let j = 0; j < d; j++) target[j]! += factor * weights[row]! * z[row * d + j]!;
  };
  for (let i = 0; i < n; i++) {
    if (side[i] === 0) continue;
    add(all, i, 1);
    if (side[i]! < 0) add(below, i, 1);
  }

  const stretches: Stretch[] = [];
  const edge = new Float64Array(d);
  const along = new Float64Array(n);
  let level = from;
  let still = 0;
  for (;;) {
    // Shifted dual variable of basis row p: s_p(τ) = at + τ · speed, inside [0, w].
    let end = Infinity;
    let position = -1;
    let way = 0;
    for (let p = 0; p < d; p++) {
      const weight = weights[basis[p]!]!;
      let speed = -weight;
      let at = weight;
      for (let l = 0; l < d; l++) {
        speed -= inverse[l * d + p]! * all[l]!;
        at += inverse[l * d + p]! * below[l]!;
      }
      // A dual variable that stands still, perhaps on its bound, never leaves.
      if (Math.abs(speed) <= 1e-11 * total) continue;
      const bound = speed > 0 ? weight : 0;
      const meets = (bound - at) / speed;
      if (meets < end) [end, position, way] = [meets, p, speed > 0 ? 1 : -1];
    }
    const next = Math.min(Math.max(end, level), to);
    stretches.push({
      end: next,
      vertex: { basis: basis.slice(), inverse: inverse.slice(), coefficients: b.slice() },
    });
    if (!(end < to - 1e-13) || position < 0) {
      stretches[stretches.length - 1] = { ...stretches.at(-1)!, end: to };
      return stretches;
    }
    still = next > level + 1e-14 ? 0 : still + 1;
    if (still > CYCLING * (n + d)) return undefined;
    level = next;

    const leaving = basis[position]!;
    let size = 0;
    for (let l = 0; l < d; l++) {
      edge[l] = -way * inverse[l * d + position]!;
      size += edge[l]! ** 2;
    }
    const small = 1e-11 * Math.sqrt(size * d);
    let entering = -1;
    let reach = Infinity;
    for (let i = 0, at = 0; i < n; i++, at += d) {
      let v = 0;
      for (let l = 0; l < d; l++) v += z[at + l]! * edge[l]!;
      along[i] = v;
      if (side[i]! * v <= small) continue;
      const t = Math.max(r[i]! / v, 0);
      if (t < reach) [reach, entering] = [t, i];
    }
    // No row ahead: the plane has left all rows on one side, the process ends here.
    if (entering < 0) {
      stretches[stretches.length - 1] = { ...stretches.at(-1)!, end: to };
      return stretches;
    }
    for (let i = 0; i < n; i++) r[i]! -= reach * along[i]!;
    for (let l = 0; l < d; l++) b[l]! += reach * edge[l]!;
    add(all, entering, -1);
    if (side[entering]! < 0) add(below, entering, -1);
    add(all, leaving, 1);
    if (way < 0) add(below, leaving, 1);
    side[leaving] = way;
    side[entering] = 0;
    r[entering] = 0;
    basis[position] = entering;
    const rowsOfBasis = new Float64Array(d * d);
    basis.forEach((row, p) => rowsOfBasis.set(z.subarray(row * d, (row + 1) * d), p * d));
    inverse = invert(rowsOfBasis, d) ?? inverse;
  }
}

/** The same rows, tied ones moved apart by about 1e-9 of the residuals' size. */
function separated(rows: PreparedRows): PreparedRows {
  const rest = rows.rest.map((value, i) => value + 1e-9 * rows.scale * ((i * 0.6180339887498949) % 1));
  return { ...rows, rest };
}

function samePlane(a: Float64Array, b: Float64Array): boolean {
  return a.every(
    (value, j) => Math.abs(value - b[j]!) <= 1e-9 * Math.max(Math.abs(value), Math.abs(b[j]!), 1e-9),
  );
}
