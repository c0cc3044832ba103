/**
 * Solves `G x = b` in place for a symmetric positive definite `G`, `[d, d]` row-major, lower triangle read.
 *
 * `G` is overwritten by its Cholesky factor and `b` by the solution. A pivot lost to rounding is replaced by a huge
 * number, which sets that coordinate of the step to zero (the usual guard of interior-point codes).
 */
export function choleskySolve(g: Float64Array, b: Float64Array): void {
  choleskyFactor(g, b.length);
  choleskySubstitute(g, b);
}

/** Overwrites the lower triangle of `g` by its Cholesky factor. */
export function choleskyFactor(g: Float64Array, d: number): void {
  let largest = 0;
  for (let j = 0; j < d; j++) largest = Math.max(largest, g[j * d + j]!);
  for (let j = 0; j < d; j++) {
    let pivot = g[j * d + j]!;
    for (let k = 0; k < j; k++) pivot -= g[j * d + k]! * g[j * d + k]!;
    const root = pivot > 1e-30 * largest ? Math.sqrt(pivot) : 1e64;
    g[j * d + j] = root;
    for (let i = j + 1; i < d; i++) {
      let value = g[i * d + j]!;
      for (let k = 0; k < j; k++) value -= g[i * d + k]! * g[j * d + k]!;
      g[i * d + j] = value / root;
    }
  }
}

/** Solves `L Lᵀ x = b` in place. */
export function choleskySubstitute(l: Float64Array, b: Float64Array): void {
  const d = b.length;
  for (let i = 0; i < d; i++) {
    let value = b[i]!;
    for (let k = 0; k < i; k++) value -= l[i * d + k]! * b[k]!;
    b[i] = value / l[i * d + i]!;
  }
  for (let i = d - 1; i >= 0; i--) {
    let value = b[i]!;
    for (let k = i + 1; k < d; k++) value -= l[k * d + i]! * b[k]!;
    b[i] = value / l[i * d + i]!;
  }
}
