import { chooseBasis } from './choose-basis.js';
import { interiorPoint } from './interior-point.js';
import type { PinballProblem } from './pinball-problem.js';
import { pinballCost, residuals } from './pinball-problem.js';
import { reduceProblem } from './reduce-problem.js';
import type { VertexDescent } from './vertex-descent.js';
import { vertexDescent } from './vertex-descent.js';

/** Below this many rows a neighbouring level's vertex is a better start than the interior point. */
const SMALL = 2000;
/** From this many rows on, most of them are first replaced by their sum (Portnoy and Koenker's preprocessing). */
const LARGE = 12_000;
/** Gap at which the interior point hands over to the vertex descent. */
const HAND_OVER = 1e-5;

/**
 * The exact optimum of a pinball program in well-conditioned coordinates (`ZᵀZ = n I`).
 *
 * @param problem - every row with `up > 0` and `down > 0`, of full rank
 * @param scale - unit of `y`: the mean absolute residual of the least-squares plane
 * @param near - optimum of a neighbouring level of the same rows, if there is one
 */
export function solvePinballProblem(
  problem: PinballProblem,
  scale: number,
  near?: VertexDescent,
): VertexDescent {
  const n = problem.y.length;
  if (near && n < SMALL) return vertexDescent(problem, { basis: near.basis, side: near.side, scale });
  const solvePart = (part: PinballProblem, start?: Int32Array): VertexDescent | undefined => {
    const basis = start ?? interiorBasis(part);
    return basis && vertexDescent(part, { basis, scale });
  };
  const basis = (n >= LARGE ? reduceProblem(problem, solvePart) : undefined) ?? interiorBasis(problem);
  if (!basis) throw new Error('solvePinballProblem: the rows are not of full rank');
  return vertexDescent(problem, { basis, scale });
}

function interiorBasis(problem: PinballProblem): Int32Array | undefined {
  const { z, d } = problem;
  return chooseBasis(z, d, interiorPoint(problem, new Float64Array(d), HAND_OVER).interiority);
}

/**
 * Difference of primal and dual value at a vertex, ≥ 0 up to rounding: the proof of optimality.
 *
 * Rows on their own side contribute nothing, so it is computed without cancellation.
 */
export function dualityGap(
  problem: PinballProblem,
  { coefficients, side, basis, dual }: VertexDescent,
): number {
  const { up, down } = problem;
  const r = residuals(problem, coefficients);
  let gap = pinballCost(problem, r);
  for (let i = 0; i < r.length; i++) if (side[i] !== 0) gap -= (side[i]! > 0 ? up[i]! : -down[i]!) * r[i]!;
  basis.forEach((row, j) => {
    gap -= Math.min(up[row]!, Math.max(-down[row]!, dual[j]!)) * r[row]!;
  });
  return gap;
}
