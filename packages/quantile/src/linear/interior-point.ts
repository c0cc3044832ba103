import { choleskyFactor, choleskySubstitute } from '../internal/cholesky.js';
import { weightedGram } from '../internal/weighted-gram.js';
import type { PinballProblem } from './pinball-problem.js';

/** How far to the wall a step may go; R quantreg's value. */
const STEP = 0.99995;
const MAX_ITERATIONS = 100;
/** Share of the first gap at which to stop when the plane fits all rows and the cost itself goes to zero. */
const EXACT = 1e-12;

export interface InteriorPoint {
  /** Nearly optimal coefficients, `[d]`. */
  readonly coefficients: Float64Array;
  /** How far each row's dual variable is from its nearer bound, as a share of the box, `[n]`: largest in the basis. */
  readonly interiority: Float64Array;
  readonly iterations: number;
}

/** Dual variables `x`, slacks `s`, multipliers `v`, `w`, the current direction and the second-order terms, `[n]` each. */
interface Point {
  readonly x: Float64Array;
  readonly s: Float64Array;
  readonly v: Float64Array;
  readonly w: Float64Array;
  readonly q: Float64Array;
  readonly dx: Float64Array;
  readonly dv: Float64Array;
  readonly dw: Float64Array;
  readonly crossV: Float64Array;
  readonly crossW: Float64Array;
}

/**
 * Frisch-Newton: Mehrotra's predictor-corrector on the bounded dual `max yᵀa, Zᵀa = 0, -down ≤ a ≤ up`.
 *
 * The variables are `x = a + down` and `s = up - a`, with multipliers `v`, `w` and `v - w = Z b - y` held exactly. It
 * starts from `start` (least squares is good) and stops when the gap is below `tolerance` times the cost; the exact
 * answer is the work of the vertex descent that follows.
 *
 * @see Portnoy, Koenker 1997, "The Gaussian hare and the Laplacian tortoise", Statistical Science 12
 */
export function interiorPoint(
  problem: PinballProblem,
  start: Float64Array,
  tolerance: number,
): InteriorPoint {
  const { z, d, up, down } = problem;
  const n = up.length;
  const b = start.slice();
  const p = startPoint(problem, b);
  const { x, s, v, w, q, dx, dv, dw, crossV, crossW } = p;
  const gram = new Float64Array(d * d);
  const predictor = new Float64Array(d);
  const step = new Float64Array(d);

  let iterations = 0;
  let least = 0;
  for (; iterations < MAX_ITERATIONS; iterations++) {
    let gap = 0;
    let cost = 0;
    for (let i = 0; i < n; i++) {
      gap += v[i]! * x[i]! + w[i]! * s[i]!;
      cost += w[i]! * up[i]! + v[i]! * down[i]!;
    }
    if (iterations === 0) least = EXACT * gap;
    if (!(gap > tolerance * cost && gap > least)) break;

    predictor.fill(0);
    for (let i = 0, at = 0; i < n; i++) {
      q[i] = 1 / (v[i]! / x[i]! + w[i]! / s[i]!);
      const rhs = q[i]! * (w[i]! - v[i]!);
      for (let j = 0; j < d; j++) predictor[j]! += rhs * z[at++]!;
    }
    weightedGram(z, d, q, gram);
    choleskyFactor(gram, d);
    step.set(predictor);
    choleskySubstitute(gram, step);
    crossV.fill(0);
    crossW.fill(0);
    let [primal, dual] = direction(p, z, step, 0);

    if (primal < 1 || dual < 1) {
      let after = 0;
      for (let i = 0; i < n; i++) {
        after +=
          (v[i]! + dual * dv[i]!) * (x[i]! + primal * dx[i]!) +
          (w[i]! + dual * dw[i]!) * (s[i]! - primal * dx[i]!);
        crossV[i] = dx[i]! * dv[i]!;
        crossW[i] = -dx[i]! * dw[i]!;
      }
      const mu = (gap * (after / gap) ** 3) / (2 * n);
      step.set(predictor);
      for (let i = 0, at = 0; i < n; i++) {
        const rhs = q[i]! * ((mu - crossV[i]!) / x[i]! - (mu - crossW[i]!) / s[i]!);
        for (let j = 0; j < d; j++) step[j]! += rhs * z[at++]!;
      }
      choleskySubstitute(gram, step);
      [primal, dual] = direction(p, z, step, mu);
    }

    for (let i = 0; i < n; i++) {
      const move = primal * dx[i]!;
      x[i]! += move;
      s[i]! -= move;
      v[i]! += dual * dv[i]!;
      w[i]! += dual * dw[i]!;
    }
    for (let j = 0; j < d; j++) b[j]! += dual * step[j]!;
  }

  for (let i = 0; i < n; i++) q[i] = Math.min(x[i]!, s[i]!) / (up[i]! + down[i]!);
  return { coefficients: b, interiority: q, iterations };
}

function startPoint({ z, d, y, up, down }: PinballProblem, b: Float64Array): Point {
  const n = y.length;
  const array = () => new Float64Array(n);
  const [v, w] = [array(), array()];
  let spread = 0;
  for (let i = 0, at = 0; i < n; i++) {
    let r = y[i]!;
    for (let j = 0; j < d; j++) r -= z[at++]! * b[j]!;
    if (r > 0) w[i] = r;
    else v[i] = -r;
    spread += Math.abs(r);
  }
  // Both multipliers stay off zero; the same amount on each leaves `v - w` as it is.
  const floor = 1e-3 * (spread / n) || 1e-12;
  for (let i = 0; i < n; i++) {
    v[i]! += floor;
    w[i]! += floor;
  }
  return {
    x: down.slice(),
    s: up.slice(),
    v,
    w,
    q: array(),
    dx: array(),
    dv: array(),
    dw: array(),
    crossV: array(),
    crossW: array(),
  };
}

/** Fills the Newton direction for a coefficient step and answers how far it may go in the dual box and the multipliers. */
function direction(
  p: Point,
  z: Float64Array,
  step: Float64Array,
  mu: number,
): [primal: number, dual: number] {
  const { x, s, v, w, q, dx, dv, dw, crossV, crossW } = p;
  const d = step.length;
  let primal = Infinity;
  let dual = Infinity;
  for (let i = 0, at = 0; i < x.length; i++) {
    let along = 0;
    for (let j = 0; j < d; j++) along += z[at++]! * step[j]!;
    const xi = x[i]!;
    const si = s[i]!;
    const vi = v[i]!;
    const wi = w[i]!;
    const pullV = (mu - crossV[i]!) / xi;
    const pullW = (mu - crossW[i]!) / si;
    const move = q[i]! * (wi - vi - along + pullV - pullW);
    const moveV = pullV - vi * (1 + move / xi);
    const moveW = pullW - wi * (1 - move / si);
    dx[i] = move;
    dv[i] = moveV;
    dw[i] = moveW;
    if (move < 0) primal = Math.min(primal, -xi / move);
    else if (move > 0) primal = Math.min(primal, si / move);
    if (moveV < 0) dual = Math.min(dual, -vi / moveV);
    if (moveW < 0) dual = Math.min(dual, -wi / moveW);
  }
  return [Math.min(STEP * primal, 1), Math.min(STEP * dual, 1)];
}
