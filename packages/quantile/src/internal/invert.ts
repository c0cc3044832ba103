/**
 * Inverse of a square matrix by Gauss-Jordan elimination with row pivoting, `[d, d]` row-major.
 *
 * @returns the inverse, or undefined when a pivot is zero
 */
export function invert(matrix: Float64Array, d: number): Float64Array | undefined {
  const a = matrix.slice();
  const inverse = new Float64Array(d * d);
  for (let j = 0; j < d; j++) inverse[j * d + j] = 1;
  for (let j = 0; j < d; j++) {
    let best = j;
    for (let i = j + 1; i < d; i++) if (Math.abs(a[i * d + j]!) > Math.abs(a[best * d + j]!)) best = i;
    const pivot = a[best * d + j]!;
    if (pivot === 0) return undefined;
    for (let k = 0; k < d; k++) {
      [a[best * d + k], a[j * d + k]] = [a[j * d + k]!, a[best * d + k]! / pivot];
      [inverse[best * d + k], inverse[j * d + k]] = [inverse[j * d + k]!, inverse[best * d + k]! / pivot];
    }
    for (let i = 0; i < d; i++) {
      const factor = a[i * d + j]!;
      if (i === j || factor === 0) continue;
      for (let k = 0; k < d; k++) {
        a[i * d + k]! -= factor * a[j * d + k]!;
        inverse[i * d + k]! -= factor * inverse[j * d + k]!;
      }
    }
  }
  return inverse;
}
