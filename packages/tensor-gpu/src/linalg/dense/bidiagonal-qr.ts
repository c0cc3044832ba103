import { LinAlgError } from '../lin-alg-error.js';
import type { ColumnRotations } from './rotations.js';

const EPSILON = 2 ** -52;
/** Steps allowed per singular value; two are usual. */
const MAX_STEPS = 40;

/**
 * Implicit-shift QR: makes the bidiagonal matrix (`d` on, `e` over the diagonal) diagonal, in place. `left` and `right` collect
 * the rotations of the columns of both factors. The diagonal comes out unsorted and with signs.
 *
 * @throws {LinAlgError} when it does not converge
 * @see Golub & Van Loan, "Matrix Computations", section 8.6
 */
export function diagonalizeBidiagonal(
  where: string,
  d: Float64Array,
  e: Float64Array,
  left: ColumnRotations,
  right: ColumnRotations,
): void {
  // Below this a number is zero whatever its neighbours.
  const floor = EPSILON ** 2 * [...d, ...e].reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  let end = d.length - 1;
  for (let step = 0; end > 0; step++) {
    if (step > MAX_STEPS * d.length) {
      throw new LinAlgError({
        where,
        expected: `convergence within ${MAX_STEPS} steps per singular value`,
        received: `${end + 1} of ${d.length} singular values still open`,
      });
    }
    let start = end;
    while (start > 0 && !negligible(floor, e[start - 1], d[start - 1], d[start])) start--;
    if (start > 0) e[start - 1] = 0;
    if (start === end) {
      end--;
      continue;
    }
    const zero = firstZero(floor, d, e, start, end);
    if (zero === end) clearColumn(d, e, start, end, right);
    else if (zero >= 0) clearRow(d, e, zero, end, left);
    else sweep(d, e, start, end, left, right);
  }
  left.flush();
  right.flush();
}

const negligible = (floor: number, off: number, a: number, b: number): boolean =>
  Math.abs(off) <= floor + EPSILON * (Math.abs(a) + Math.abs(b));

/** A diagonal entry of the block that is nothing beside its neighbours; -1 when there is none. */
function firstZero(floor: number, d: Float64Array, e: Float64Array, start: number, end: number): number {
  for (let i = end; i >= start; i--) {
    if (negligible(floor, d[i], i < end ? e[i] : 0, i > start ? e[i - 1] : 0)) return i;
  }
  return -1;
}

/** `d[end]` is zero: rotations from the right remove `e[end - 1]`, upwards. */
function clearColumn(
  d: Float64Array,
  e: Float64Array,
  start: number,
  end: number,
  right: ColumnRotations,
): void {
  d[end] = 0;
  let f = e[end - 1];
  e[end - 1] = 0;
  for (let j = end - 1; j >= start && f !== 0; j--) {
    const t = Math.hypot(d[j], f);
    const [c, s] = [d[j] / t, f / t];
    d[j] = t;
    if (j > start) {
      f = -s * e[j - 1];
      e[j - 1] *= c;
    }
    right.pair(j, end, c, s);
  }
}

/** `d[zero]` is zero: rotations from the left remove `e[zero]`, downwards, and split the block there. */
function clearRow(d: Float64Array, e: Float64Array, zero: number, end: number, left: ColumnRotations): void {
  d[zero] = 0;
  let f = e[zero];
  e[zero] = 0;
  for (let j = zero + 1; j <= end && f !== 0; j++) {
    const t = Math.hypot(d[j], f);
    const [c, s] = [d[j] / t, f / t];
    d[j] = t;
    if (j < end) {
      f = -s * e[j];
      e[j] *= c;
    }
    left.pair(j, zero, c, s);
  }
}

/** One chase of the bulge from `start` to `end`, with the shift of the trailing 2 × 2 block of `BᵀB`. */
function sweep(
  d: Float64Array,
  e: Float64Array,
  start: number,
  end: number,
  left: ColumnRotations,
  right: ColumnRotations,
): void {
  const scale = Math.max(...[d[end], d[end - 1], e[end - 1], d[start], e[start]].map(Math.abs));
  const [last, previous, between] = [d[end] / scale, d[end - 1] / scale, e[end - 1] / scale];
  const [first, next] = [d[start] / scale, e[start] / scale];
  const b = ((previous + last) * (previous - last) + between ** 2) / 2;
  const c2 = (last * between) ** 2;
  const root = Math.sqrt(b * b + c2);
  const shift = b === 0 && c2 === 0 ? 0 : c2 / (b < 0 ? b - root : b + root);
  let f = (first + last) * (first - last) + shift;
  let g = first * next;
  for (let j = start; j < end; j++) {
    let t = Math.sqrt(f * f + g * g);
    let c = t === 0 ? 1 : f / t;
    let s = t === 0 ? 0 : g / t;
    if (j > start) e[j - 1] = t;
    f = c * d[j] + s * e[j];
    e[j] = c * e[j] - s * d[j];
    g = s * d[j + 1];
    d[j + 1] *= c;
    right.push(j, c, s);
    t = Math.sqrt(f * f + g * g);
    c = t === 0 ? 1 : f / t;
    s = t === 0 ? 0 : g / t;
    d[j] = t;
    f = c * e[j] + s * d[j + 1];
    d[j + 1] = c * d[j + 1] - s * e[j];
    if (j + 1 < end) {
      g = s * e[j + 1];
      e[j + 1] *= c;
    }
    left.push(j, c, s);
  }
  e[end - 1] = f;
}
