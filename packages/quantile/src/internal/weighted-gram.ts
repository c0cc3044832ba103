/**
 * The lower triangle of `Σ_i q_i z_i z_iᵀ`, written into `out`, `[d, d]` row-major.
 *
 * Four rows at a time, so that each entry of `out` is loaded and stored once for four products.
 */
export function weightedGram(z: Float64Array, d: number, q: Float64Array, out: Float64Array): void {
  const n = q.length;
  out.fill(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const r0 = i * d;
    const r1 = r0 + d;
    const r2 = r1 + d;
    const r3 = r2 + d;
    const q0 = q[i]!;
    const q1 = q[i + 1]!;
    const q2 = q[i + 2]!;
    const q3 = q[i + 3]!;
    for (let a = 0; a < d; a++) {
      const t0 = q0 * z[r0 + a]!;
      const t1 = q1 * z[r1 + a]!;
      const t2 = q2 * z[r2 + a]!;
      const t3 = q3 * z[r3 + a]!;
      const row = a * d;
      for (let b = 0; b <= a; b++)
        out[row + b]! += t0 * z[r0 + b]! + t1 * z[r1 + b]! + t2 * z[r2 + b]! + t3 * z[r3 + b]!;
    }
  }
  for (; i < n; i++) {
    const r = i * d;
    for (let a = 0; a < d; a++) {
      const t = q[i]! * z[r + a]!;
      for (let b = 0; b <= a; b++) out[a * d + b]! += t * z[r + b]!;
    }
  }
}
