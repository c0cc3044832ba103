import { choleskySolve } from '../internal/cholesky.js';

/**
 * `argmin ½ tᵀ H t - g·t + λ Σ_{c ≥ from} |t_c|` by an active set: solve with the signs fixed, stop at the first sign
 * change on the way, let the coordinate that violates its condition most join; every step lowers the objective.
 *
 * @param h - symmetric positive semidefinite, `[d, d]`
 * @param start - where to begin; its signs make a warm start
 * @see Lee, Battle, Raina, Ng 2006, "Efficient sparse coding algorithms" (feature-sign search)
 */
export function solveLasso(
  h: Float64Array,
  g: Float64Array,
  lambda: number,
  from: number,
  start: Float64Array,
): Float64Array {
  const d = g.length;
  const t = start.slice();
  const signs = t.map((value, c) => (c < from ? 0 : Math.sign(value)));
  const active = Array.from(t.keys()).filter((c) => c < from || t[c] !== 0);
  // Each round changes the set by one coordinate; the bound only stops a cycle made by rounding.
  for (let round = 0; round < 50 * (d + 1); round++) {
    const goal = solveActive(h, g, lambda, active, signs);
    const { step, leaving } = firstSignChange(t, goal, active, signs);
    active.forEach((c, a) => (t[c]! += step * (goal[a]! - t[c]!)));
    if (leaving >= 0) {
      const c = active[leaving]!;
      t[c] = signs[c] = 0;
      active.splice(leaving, 1);
      continue;
    }
    const joining = worstViolation(h, g, lambda, t, signs, from);
    if (joining === undefined) break;
    signs[joining.index] = joining.sign;
    active.push(joining.index);
  }
  return t;
}

function solveActive(
  h: Float64Array,
  g: Float64Array,
  lambda: number,
  active: readonly number[],
  signs: Float64Array,
) {
  const d = g.length;
  const size = active.length;
  const matrix = new Float64Array(size * size);
  const goal = new Float64Array(size);
  active.forEach((c, a) => {
    goal[a] = g[c]! - lambda * signs[c]!;
    for (let b = 0; b <= a; b++) matrix[a * size + b] = h[c * d + active[b]!]!;
  });
  choleskySolve(matrix, goal);
  return goal;
}

/** The first coordinate whose sign would change on the way to the goal, and how far that is (1 when none does). */
function firstSignChange(
  t: Float64Array,
  goal: Float64Array,
  active: readonly number[],
  signs: Float64Array,
) {
  let step = 1;
  let leaving = -1;
  active.forEach((c, a) => {
    if (signs[c] === 0 || goal[a]! * signs[c]! > 0) return;
    const share = t[c]! / (t[c]! - goal[a]!);
    if (share < step || leaving < 0) [step, leaving] = [share, a];
  });
  return { step, leaving };
}

/** The coordinate at 0 whose slope exceeds `λ` most. */
function worstViolation(
  h: Float64Array,
  g: Float64Array,
  lambda: number,
  t: Float64Array,
  signs: Float64Array,
  from: number,
): { index: number; sign: number } | undefined {
  const d = g.length;
  let worst = lambda * (1 + 1e-10);
  let found: { index: number; sign: number } | undefined;
  for (let c = from; c < d; c++) {
    if (signs[c] !== 0) continue;
    let slope = g[c]!;
    for (let e = 0; e < d; e++) slope -= h[c * d + e]! * t[e]!;
    if (Math.abs(slope) <= worst) continue;
    worst = Math.abs(slope);
    found = { index: c, sign: Math.sign(slope) };
  }
  return found;
}
