import type { PinballProblem, Vertex } from './pinball-problem.js';
import { residuals } from './pinball-problem.js';

/** Share of the subsample's size that stays in the reduced problem; R quantreg's value. */
const KEEP = 0.8;
/** More rows on the wrong side than this share of the kept ones means that the subsample misled. */
const MISLED = 0.1;

/** Exact solver of a small problem, from a start basis if there is one; undefined when the rows lack rank. */
export type SolvePart = (part: PinballProblem, start?: Int32Array) => Vertex | undefined;

/**
 * Portnoy and Koenker's preprocessing: solves a subsample, replaces the rows clearly above and clearly below its plane
 * by their two means (with the weight of them all), solves the small rest, and takes back rows that turn out to lie on
 * the other side.
 *
 * @returns `d` rows of the full problem whose plane is the optimum up to rounding, or undefined when subsamples misled;
 *   the caller's vertex descent on all rows has the last word
 * @see Portnoy, Koenker 1997, section 5
 */
export function reduceProblem(problem: PinballProblem, solve: SolvePart): Int32Array | undefined {
  const { d, y } = problem;
  const n = y.length;
  for (let size = Math.ceil(Math.sqrt(d) * n ** (2 / 3)); size < n / 3; size *= 2) {
    const sample = solve(selectRows(problem, spreadRows(n, size)));
    if (!sample) return undefined;
    const part = placeRows(problem, sample.coefficients, Math.ceil(KEEP * size));
    const basis = solvePlaced(problem, part, solve);
    if (basis) return basis;
  }
  return undefined;
}

/** Solves kept rows plus the two means, taking back misplaced rows until none is left. */
function solvePlaced(problem: PinballProblem, place: Int8Array, solve: SolvePart): Int32Array | undefined {
  let start: Int32Array | undefined;
  for (;;) {
    const rows = Int32Array.from(place.keys()).filter((i) => place[i] === 0);
    const position = new Map([...rows].map((row, k) => [row, k]));
    const solved = solve(
      withMeans(problem, rows, place),
      start?.map((row) => position.get(row)!),
    );
    if (!solved || solved.basis.some((k) => k >= rows.length)) return undefined;
    start = solved.basis.map((k) => rows[k]!);
    const r = residuals(problem, solved.coefficients);
    let wrong = 0;
    for (let i = 0; i < r.length; i++) {
      if (place[i]! * r[i]! >= 0) continue;
      place[i] = 0;
      wrong++;
    }
    if (wrong === 0) return start;
    if (wrong > MISLED * rows.length) return undefined;
  }
}

/** `0` for the `keep` rows nearest the plane (in units of their own length), else the side they lie on. */
function placeRows(problem: PinballProblem, plane: Float64Array, keep: number): Int8Array {
  const { z, d } = problem;
  const r = residuals(problem, plane);
  for (let i = 0, at = 0; i < r.length; i++) {
    let length = 0;
    for (let j = 0; j < d; j++) length += z[at++]! ** 2;
    r[i]! /= Math.sqrt(length) || 1;
  }
  const width = r.map(Math.abs).sort()[keep - 1]!;
  return Int8Array.from(r, (value) => (Math.abs(value) <= width ? 0 : Math.sign(value)));
}

/** The chosen rows, then the mean row of those above and of those below, each with the summed cost. */
function withMeans(problem: PinballProblem, rows: Int32Array, place: Int8Array): PinballProblem {
  const { d } = problem;
  const part = selectRows(problem, rows, 2);
  let k = rows.length;
  for (const way of [1, -1]) {
    const cost = way > 0 ? problem.up : problem.down;
    let total = 0;
    for (let i = 0; i < place.length; i++) {
      if (place[i] !== way) continue;
      total += cost[i]!;
      part.y[k]! += cost[i]! * problem.y[i]!;
      for (let j = 0; j < d; j++) part.z[k * d + j]! += cost[i]! * problem.z[i * d + j]!;
    }
    if (total === 0) continue;
    part.y[k]! /= total;
    for (let j = 0; j < d; j++) part.z[k * d + j]! /= total;
    part.up[k] = part.down[k] = total;
    k++;
  }
  return {
    z: part.z.subarray(0, k * d),
    d,
    y: part.y.subarray(0, k),
    up: part.up.subarray(0, k),
    down: part.down.subarray(0, k),
  };
}

/** `size` row numbers spread evenly over `n`. */
const spreadRows = (n: number, size: number): Int32Array =>
  Int32Array.from({ length: size }, (_, k) => Math.floor((k * n) / size));

/** A copy of some rows with room for `extra` more. */
function selectRows(problem: PinballProblem, rows: Int32Array, extra = 0): PinballProblem {
  const { z, d } = problem;
  const part = new Float64Array((rows.length + extra) * d);
  rows.forEach((row, k) => part.set(z.subarray(row * d, (row + 1) * d), k * d));
  const pick = (values: Float64Array): Float64Array => {
    const picked = new Float64Array(rows.length + extra);
    rows.forEach((row, k) => (picked[k] = values[row]!));
    return picked;
  };
  return { z: part, d, y: pick(problem.y), up: pick(problem.up), down: pick(problem.down) };
}
