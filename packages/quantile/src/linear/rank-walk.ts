import { invert } from '../internal/invert.js';
import type { PinballProblem } from './pinball-problem.js';
import { residuals } from './pinball-problem.js';
import type { VertexDescent } from './vertex-descent.js';

/** A row whose fit changes less than this along an edge of unit length counts as parallel to it (a copy of a basis row). */
const PARALLEL = 1e-11;

/** One stretch of the walk: the rank score keeps `score` while the coefficient runs from `from` to `to`. */
export interface RankStep {
  readonly from: number;
  readonly to: number;
  readonly score: number;
}

/**
 * Follows one coefficient away from its estimate while all others stay optimal for it.
 *
 * With the coefficient `cᵀb` held at a value, the restricted optimum moves along edges of the program; on each edge the
 * dual solution `a`, and with it the rank score `Σ_i a_i c-part of row i`, is constant, and at each vertex one basis
 * row is exchanged. The walk goes up (`way = 1`, scores fall from 0) or down (`way = -1`, scores rise).
 *
 * @param functional - `c`, `[d]`: which linear function of the (whitened) coefficients is held
 * @param scale - unit of `y`; stretches shorter than rounding (several rows tied) are passed over
 * @param visit - receives each stretch in order; answers false to stop
 */
export function rankWalk(
  problem: PinballProblem,
  start: VertexDescent,
  functional: Float64Array,
  way: 1 | -1,
  scale: number,
  visit: (step: RankStep) => boolean,
): void {
  const { z, d, up, down } = problem;
  const n = up.length;
  const basis = start.basis.slice();
  const side = start.side.slice();
  const dual = start.dual.slice();
  const b = start.coefficients.slice();
  let inverse: Float64Array = start.inverse.slice();
  const r = residuals(problem, b);
  for (const row of basis) r[row] = 0;
  const edge = new Float64Array(d);
  const along = new Float64Array(n);
  let score = 0;
  let value = dot(functional, b);

  for (let step = 0; step < 50 * n; step++) {
    // X_hᵀ κ = c: the change of the basis duals per unit of the score.
    const kappa = Float64Array.from({ length: d }, (_, p) => {
      let sum = 0;
      for (let l = 0; l < d; l++) sum += inverse[l * d + p]! * functional[l]!;
      return sum;
    });
    const { position, length } = firstBound(kappa, dual, basis, up, down, way);
    if (position < 0) return;
    score -= way * length;
    for (let p = 0; p < d; p++) dual[p]! -= way * length * kappa[p]!;

    const leaving = basis[position]!;
    let size = 0;
    for (let l = 0; l < d; l++) {
      edge[l] = (way * inverse[l * d + position]!) / kappa[position]!;
      size += edge[l]! ** 2;
    }
    const small = PARALLEL * Math.sqrt(size * d);
    // The released residual moves by minus the row times the edge.
    const released = -Math.sign(way / kappa[position]!);
    let entering = -1;
    let reach = Infinity;
    for (let i = 0, at = 0; i < n; i++, at += d) {
      let v = 0;
      for (let l = 0; l < d; l++) v += z[at + l]! * edge[l]!;
      along[i] = v;
      if (side[i]! * v <= small || i === leaving) continue;
      const t = Math.max(r[i]! / v, 0);
      if (t < reach) [reach, entering] = [t, i];
    }
    const next = value + way * reach;
    if (reach * Math.sqrt(size) > 1e-12 * scale && !visit({ from: value, to: next, score })) return;
    if (entering < 0) return;

    for (let i = 0; i < n; i++) r[i]! -= reach * along[i]!;
    value = next;
    side[leaving] = released;
    dual[position] = side[entering]! > 0 ? up[entering]! : -down[entering]!;
    side[entering] = 0;
    r[entering] = 0;
    basis[position] = entering;
    const rows = new Float64Array(d * d);
    basis.forEach((row, p) => rows.set(z.subarray(row * d, (row + 1) * d), p * d));
    inverse = invert(rows, d) ?? inverse;
  }
}

/** The basis row whose dual variable meets its bound first when the score moves against `way`. */
function firstBound(
  kappa: Float64Array,
  dual: Float64Array,
  basis: Int32Array,
  up: Float64Array,
  down: Float64Array,
  way: number,
): { position: number; length: number } {
  let position = -1;
  let length = Infinity;
  const still = 1e-13 * Math.hypot(...kappa);
  basis.forEach((row, p) => {
    const speed = -way * kappa[p]!;
    if (Math.abs(speed) <= still) return;
    const room = speed > 0 ? up[row]! - dual[p]! : dual[p]! + down[row]!;
    const t = Math.max(room, 0) / Math.abs(speed);
    if (t < length) [length, position] = [t, p];
  });
  return { position, length };
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, j) => sum + value * b[j]!, 0);
}
