import { toTarget } from '../internal/check-data.js';
import type { Design } from './design.js';
import { whitenDesign } from './design.js';
import type { PinballProblem } from './pinball-problem.js';
import { dualityGap, solvePinballProblem } from './solve-pinball-problem.js';
import type { VertexDescent } from './vertex-descent.js';
import { unwhiten } from './whiten.js';

/** A dual variable this close to its bound, as a share of the box, may mean a second optimum. */
const ON_BOUND = 1e-9;
/** A gap above this share of the cost means that the solver failed; seen values are below 1e-12. */
const GAP = 1e-9;

/** Rows of a regression in solver coordinates, penalty rows last. */
export interface PreparedRows {
  readonly where: string;
  readonly design: Design;
  readonly y: Float64Array;
  /** Row weight, `[n]`; for penalty rows the cost on either side. */
  readonly weights: Float64Array;
  /** Where the penalty rows begin. */
  readonly penaltyFrom: number;
  /** The coefficient each penalty row stands for. */
  readonly penalised: readonly number[];
  readonly z: Float64Array;
  readonly r: Float64Array;
  /** Least-squares coefficients in whitened coordinates; the solver works on its residuals. */
  readonly centre: Float64Array;
  readonly rest: Float64Array;
  readonly scale: number;
}

export interface ExactFit {
  readonly coefficients: Float64Array;
  readonly unique: boolean;
  readonly gap: number;
  readonly vertex: VertexDescent;
}

/** Leaves out rows of weight 0, adds one row per penalised coefficient, whitens, and takes the least-squares plane off. */
export function prepareRows(
  where: string,
  full: Design,
  target: Float64Array,
  weight: Float64Array,
  penalty = 0,
  intercept = false,
): PreparedRows {
  const whole = dropWeightless(where, full, target, weight);
  const slopes = penalty === 0 ? [] : [...full.names.keys()].slice(intercept ? 1 : 0);
  const { design, y, weights } = addPenaltyRows(whole, penalty, slopes);
  const { z, r } = whitenDesign(where, design);
  const d = design.columns;
  const centre = new Float64Array(d);
  y.forEach((value, i) => {
    for (let j = 0; j < d; j++) centre[j]! += (z[i * d + j]! * value) / y.length;
  });
  let spread = 0;
  const rest = y.map((value, i) => {
    for (let j = 0; j < d; j++) value -= z[i * d + j]! * centre[j]!;
    spread += Math.abs(value);
    return value;
  });
  return {
    where,
    design,
    y,
    weights,
    penaltyFrom: whole.y.length,
    penalised: slopes,
    z,
    r,
    centre,
    rest,
    scale: spread / y.length || 1,
  };
}

/** The program of one level, in solver coordinates. */
export function levelProblem(
  { z, design, rest, weights, penaltyFrom }: PreparedRows,
  level: number,
): PinballProblem {
  return {
    z,
    d: design.columns,
    y: rest,
    up: weights.map((weight, i) => (i < penaltyFrom ? level * weight : weight)),
    down: weights.map((weight, i) => (i < penaltyFrom ? (1 - level) * weight : weight)),
  };
}

/** The exact optimum at one level; `near` is the optimum of a neighbouring level of the same rows. */
export function exactFit(rows: PreparedRows, level: number, near?: ExactFit): ExactFit {
  const { y, weights } = rows;
  const problem = levelProblem(rows, level);
  const vertex = solvePinballProblem(problem, rows.scale, near?.vertex);
  const gap = dualityGap(problem, vertex);
  let cost = 0;
  for (let i = 0; i < y.length; i++) cost += weights[i]! * Math.abs(rows.rest[i]!);
  if (!(Math.abs(gap) <= GAP * cost))
    throw new Error(`${rows.where}: the solver stopped with a duality gap of ${gap} at level ${level}`);

  const coefficients = userCoefficients(rows, vertex);
  const unique = vertex.basis.every((row, j) => {
    const slack = ON_BOUND * (problem.up[row]! + problem.down[row]!);
    return vertex.dual[j]! < problem.up[row]! - slack && vertex.dual[j]! > slack - problem.down[row]!;
  });
  return { coefficients, unique, gap, vertex };
}

/**
 * Coefficients of the user's own columns at a vertex, refined until the basis rows are fitted to the last digits; a
 * penalty row in the basis makes its coefficient exactly zero.
 */
export function userCoefficients(
  rows: PreparedRows,
  { basis, inverse, coefficients }: Pick<VertexDescent, 'basis' | 'inverse' | 'coefficients'>,
): Float64Array {
  const { design, y, r, centre, penaltyFrom, penalised } = rows;
  const d = design.columns;
  const b = unwhiten(
    r,
    centre.map((value, j) => value + coefficients[j]!),
  );
  for (let sweep = 0; sweep < 2; sweep++) {
    const step = new Float64Array(d);
    basis.forEach((row, j) => {
      let miss = y[row]!;
      for (let l = 0; l < d; l++) miss -= design.data[row * d + l]! * b[l]!;
      for (let l = 0; l < d; l++) step[l]! += inverse[l * d + j]! * miss;
    });
    unwhiten(r, step).forEach((value, l) => (b[l]! += value));
  }
  for (const row of basis) if (row >= penaltyFrom) b[penalised[row - penaltyFrom]!] = 0;
  return b;
}

interface WeightedRows {
  readonly design: Design;
  readonly y: Float64Array;
  readonly weights: Float64Array;
}

function dropWeightless(where: string, design: Design, y: Float64Array, weights: Float64Array): WeightedRows {
  if (weights.every((weight) => weight > 0)) return { design, y, weights };
  const d = design.columns;
  const kept = [...weights.keys()].filter((i) => weights[i]! > 0);
  const data = new Float64Array(kept.length * d);
  kept.forEach((row, k) => data.set(design.data.subarray(row * d, (row + 1) * d), k * d));
  return {
    design: { ...design, data, rows: kept.length },
    y: toTarget(
      where,
      Float64Array.from(kept, (row) => y[row]!),
      kept.length,
    ),
    weights: Float64Array.from(kept, (row) => weights[row]!),
  };
}

/** `λ W |b_j|` is the pinball cost of a row `c e_j` with `y = 0` and cost `λ W / c` on either side. */
function addPenaltyRows(
  { design, y, weights }: WeightedRows,
  penalty: number,
  slopes: readonly number[],
): WeightedRows {
  if (slopes.length === 0) return { design, y, weights };
  const { rows: n, columns: d } = design;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const data = new Float64Array((n + slopes.length) * d);
  data.set(design.data);
  const costs = slopes.map((column, k) => {
    let size = 0;
    for (let i = 0; i < n; i++) size += design.data[i * d + column]! ** 2;
    const length = Math.sqrt(size / n) || 1;
    data[(n + k) * d + column] = length;
    return (penalty * total) / length;
  });
  return {
    design: { ...design, data, rows: n + slopes.length },
    y: Float64Array.from([...y, ...slopes.map(() => 0)]),
    weights: Float64Array.from([...weights, ...costs]),
  };
}
