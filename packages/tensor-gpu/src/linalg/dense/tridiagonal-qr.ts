import { LinAlgError } from '../lin-alg-error.js';
import type { ColumnRotations } from './rotations.js';

const EPSILON = 2 ** -52;
/** Steps allowed per eigenvalue; two are usual. */
const MAX_STEPS = 40;

/**
 * Implicit-shift QR: makes the symmetric tridiagonal matrix (`d` on, `e` beside the diagonal) diagonal, in place. `vectors`
 * collects the rotations of the columns of the basis. The eigenvalues come out unsorted.
 *
 * @throws {LinAlgError} when it does not converge
 * @see Golub & Van Loan, "Matrix Computations", section 8.3
 */
export function diagonalizeTridiagonal(
  where: string,
  d: Float64Array,
  e: Float64Array,
  vectors: ColumnRotations,
): void {
  // Below this a number is zero whatever its neighbours.
  const floor = EPSILON ** 2 * [...d, ...e].reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  let end = d.length - 1;
  for (let step = 0; end > 0; step++) {
    if (step > MAX_STEPS * d.length) {
      throw new LinAlgError({
        where,
        expected: `convergence within ${MAX_STEPS} steps per eigenvalue`,
        received: `${end + 1} of ${d.length} eigenvalues still open`,
      });
    }
    let start = end;
    while (start > 0 && !negligible(floor, e[start - 1], d[start - 1], d[start])) start--;
    if (start > 0) e[start - 1] = 0;
    if (start === end) end--;
    else sweep(d, e, start, end, vectors);
  }
  vectors.flush();
}

const negligible = (floor: number, off: number, a: number, b: number): boolean =>
  Math.abs(off) <= floor + EPSILON * (Math.abs(a) + Math.abs(b));

/** One chase of the bulge from `start` to `end` with Wilkinson's shift. */
function sweep(d: Float64Array, e: Float64Array, start: number, end: number, vectors: ColumnRotations): void {
  const half = (d[end - 1] - d[end]) / 2;
  const off = e[end - 1];
  const root = Math.hypot(half, off);
  let f = d[start] - d[end] + (off * off) / (half < 0 ? half - root : half + root);
  let g = e[start];
  for (let k = start; k < end; k++) {
    const r = Math.sqrt(f * f + g * g);
    const c = r === 0 ? 1 : f / r;
    const s = r === 0 ? 0 : g / r;
    if (k > start) e[k - 1] = r;
    const t = (d[k + 1] - d[k]) * s + 2 * c * e[k];
    d[k] += s * t;
    d[k + 1] -= s * t;
    e[k] = c * t - e[k];
    if (k + 1 < end) {
      f = e[k];
      g = s * e[k + 1];
      e[k + 1] *= c;
    }
    vectors.push(k, c, s);
  }
}
