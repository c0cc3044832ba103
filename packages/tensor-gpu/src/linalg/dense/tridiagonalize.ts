import { reflect, rowSums, subtractTwoOuters } from './householder.js';
import { formFromRows } from './householder-qr.js';

/** `x = basis · T · basisᵀ` with T symmetric tridiagonal: `diagonal` on, `beside` next to the diagonal. */
export interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly beside: Float64Array;
  /** `n × n`, orthogonal. */
  readonly basis: Float64Array;
}

/** Householder tridiagonalisation of a symmetric row-major `n × n` matrix; `a` is overwritten. */
export function tridiagonalize(a: Float64Array, n: number): Tridiagonal {
  const diagonal = new Float64Array(n);
  const beside = new Float64Array(Math.max(0, n - 1));
  const taus = new Float64Array(n);
  const [v, w] = [new Float64Array(n), new Float64Array(n)];
  for (let k = 0; k < n; k++) {
    diagonal[k] = a[k * n + k];
    if (k === n - 1) break;
    const [beta, tau] = reflect(a, k * n + k + 1, 1, n - k - 1);
    beside[k] = beta;
    taus[k] = tau;
    if (tau === 0) continue;
    v[k + 1] = 1;
    for (let j = k + 2; j < n; j++) v[j] = a[k * n + j];
    const block = { stride: n, top: k + 1, bottom: n, left: k + 1, right: n };
    rowSums(a, block, v, w);
    let vw = 0;
    for (let j = k + 1; j < n; j++) vw += v[j] * w[j];
    for (let j = k + 1; j < n; j++) w[j] = tau * (w[j] - (tau / 2) * vw * v[j]);
    subtractTwoOuters(a, block, v, w, w, v);
  }
  return { diagonal, beside, basis: formFromRows(a, n, taus) };
}
