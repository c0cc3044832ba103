import type { Matrix } from '../internal/matrix.js';

/** A design in whitened coordinates: `X = Z R` with `ZᵀZ = n I`. */
export interface WhitenedDesign {
  /** `Z`, row-major `[n, d]`. */
  readonly z: Float64Array;
  /** `R`, upper triangular, row-major `[d, d]`. */
  readonly r: Float64Array;
}

/** A column that is a linear combination of columns before it, with the columns it leans on. */
export interface CollinearColumn {
  readonly column: number;
  readonly on: readonly number[];
}

/** A column counts as collinear when less than this share of its length is new; R's `lm` uses 1e-7. */
const COLLINEAR = 1e-9;

/**
 * Gram-Schmidt with one re-orthogonalisation ("twice is enough"): well-conditioned coordinates for the solvers.
 *
 * @returns the factors, or the first column that is collinear with those before it
 */
export function whiten({ data, rows: n, columns: d }: Matrix): WhitenedDesign | CollinearColumn {
  const columns = Array.from({ length: d }, (_, j) =>
    Float64Array.from({ length: n }, (_, i) => data[i * d + j]!),
  );
  const r = new Float64Array(d * d);
  for (let j = 0; j < d; j++) {
    const column = columns[j]!;
    const length = norm(column);
    for (let sweep = 0; sweep < 2; sweep++) {
      for (let l = 0; l < j; l++) {
        const share = dot(columns[l]!, column) / n;
        r[l * d + j]! += share;
        addScaled(column, columns[l]!, -share);
      }
    }
    const rest = norm(column);
    if (!(rest > COLLINEAR * length)) return { column: j, on: dependsOn(r, d, j, length / Math.sqrt(n)) };
    const scale = rest / Math.sqrt(n);
    r[j * d + j] = scale;
    for (let i = 0; i < n; i++) column[i]! /= scale;
  }
  const z = new Float64Array(n * d);
  columns.forEach((column, j) => {
    for (let i = 0; i < n; i++) z[i * d + j] = column[i]!;
  });
  return { z, r };
}

/** `b` of `R b = g`: coefficients in the user's columns from those in whitened ones. */
export function unwhiten(r: Float64Array, g: ArrayLike<number>): Float64Array {
  const d = g.length;
  const b = Float64Array.from(g);
  for (let j = d - 1; j >= 0; j--) {
    for (let l = j + 1; l < d; l++) b[j]! -= r[j * d + l]! * b[l]!;
    b[j]! /= r[j * d + j]!;
  }
  return b;
}

/** The earlier columns with a coefficient that matters in `column j = Σ_l b_l · column l`. */
function dependsOn(r: Float64Array, d: number, j: number, size: number): number[] {
  const b = new Float64Array(j);
  for (let k = j - 1; k >= 0; k--) {
    b[k] = r[k * d + j]!;
    for (let l = k + 1; l < j; l++) b[k]! -= r[k * d + l]! * b[l]!;
    b[k]! /= r[k * d + k]!;
  }
  const length = (l: number) => Math.hypot(...Array.from({ length: l + 1 }, (_, k) => r[k * d + l]!));
  return [...b.keys()].filter((l) => Math.abs(b[l]!) * length(l) > 1e-6 * size);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const norm = (a: Float64Array): number => Math.sqrt(dot(a, a));

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * source[i]!;
}
