/** What is left of float32 input below this is rounding of rounding; reflectors of such numbers would not be orthogonal. */
const NOTHING = 2 ** -900;

/**
 * Builds the reflector `H = I - tau · v vᵀ`, `v[0] = 1`, that maps the `count` numbers `x[at], x[at + stride], …` to
 * `(beta, 0, …, 0)`. The rest of `v` overwrites the numbers after the first.
 */
export function reflect(
  x: Float64Array,
  at: number,
  stride: number,
  count: number,
): [beta: number, tau: number] {
  const end = at + count * stride;
  let scale = 0;
  for (let p = at + stride; p < end; p += stride) scale = Math.max(scale, Math.abs(x[p]));
  const alpha = x[at];
  if (scale < NOTHING) {
    for (let p = at + stride; p < end; p += stride) x[p] = 0;
    return [alpha, 0];
  }
  let sum = 0;
  for (let p = at + stride; p < end; p += stride) sum += (x[p] / scale) ** 2;
  const norm = Math.hypot(alpha, scale * Math.sqrt(sum));
  const beta = alpha > 0 ? -norm : norm;
  for (let p = at + stride; p < end; p += stride) x[p] /= alpha - beta;
  return [beta, (beta - alpha) / beta];
}

/** A rectangle of a row-major matrix: rows `top … bottom - 1`, columns `left … right - 1`; `stride` numbers a row. */
export interface Block {
  readonly stride: number;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** `out[j] = Σ_i v[i] · a[i][j]` over a block. Four rows at once: `out` is loaded and stored a quarter as often. */
export function columnSums(a: Float64Array, block: Block, v: Float64Array, out: Float64Array): void {
  const { stride, top, bottom, left, right } = block;
  out.fill(0, left, right);
  let i = top;
  for (; i + 3 < bottom; i += 4) {
    const [v0, v1, v2, v3] = [v[i], v[i + 1], v[i + 2], v[i + 3]];
    const r0 = i * stride;
    const r1 = r0 + stride;
    const r2 = r1 + stride;
    const r3 = r2 + stride;
    for (let j = left; j < right; j++) {
      out[j] += v0 * a[r0 + j] + v1 * a[r1 + j] + v2 * a[r2 + j] + v3 * a[r3 + j];
    }
  }
  for (; i < bottom; i++) {
    for (let j = left; j < right; j++) out[j] += v[i] * a[i * stride + j];
  }
}

/** `out[i] = Σ_j a[i][j] · u[j]` over a block. */
export function rowSums(a: Float64Array, block: Block, u: Float64Array, out: Float64Array): void {
  const { stride, top, bottom, left, right } = block;
  let i = top;
  for (; i + 3 < bottom; i += 4) {
    const r0 = i * stride;
    const r1 = r0 + stride;
    const r2 = r1 + stride;
    const r3 = r2 + stride;
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let j = left; j < right; j++) {
      const x = u[j];
      s0 += a[r0 + j] * x;
      s1 += a[r1 + j] * x;
      s2 += a[r2 + j] * x;
      s3 += a[r3 + j] * x;
    }
    out[i] = s0;
    out[i + 1] = s1;
    out[i + 2] = s2;
    out[i + 3] = s3;
  }
  for (; i < bottom; i++) {
    let s = 0;
    for (let j = left; j < right; j++) s += a[i * stride + j] * u[j];
    out[i] = s;
  }
}

/** `a[i][j] -= f · v[i] · w[j]` over a block. */
export function subtractOuter(
  a: Float64Array,
  block: Block,
  f: number,
  v: Float64Array,
  w: Float64Array,
): void {
  const { stride, top, bottom, left, right } = block;
  let i = top;
  for (; i + 3 < bottom; i += 4) {
    const r0 = i * stride;
    const r1 = r0 + stride;
    const r2 = r1 + stride;
    const r3 = r2 + stride;
    const [c0, c1, c2, c3] = [f * v[i], f * v[i + 1], f * v[i + 2], f * v[i + 3]];
    for (let j = left; j < right; j++) {
      const x = w[j];
      a[r0 + j] -= c0 * x;
      a[r1 + j] -= c1 * x;
      a[r2 + j] -= c2 * x;
      a[r3 + j] -= c3 * x;
    }
  }
  for (; i < bottom; i++) {
    for (let j = left; j < right; j++) a[i * stride + j] -= f * v[i] * w[j];
  }
}

/** `a[i][j] -= p[i] · w[j] + q[i] · u[j]` over a block. */
export function subtractTwoOuters(
  a: Float64Array,
  block: Block,
  p: Float64Array,
  w: Float64Array,
  q: Float64Array,
  u: Float64Array,
): void {
  const { stride, top, bottom, left, right } = block;
  let i = top;
  for (; i + 3 < bottom; i += 4) {
    const r0 = i * stride;
    const r1 = r0 + stride;
    const r2 = r1 + stride;
    const r3 = r2 + stride;
    const [p0, p1, p2, p3] = [p[i], p[i + 1], p[i + 2], p[i + 3]];
    const [q0, q1, q2, q3] = [q[i], q[i + 1], q[i + 2], q[i + 3]];
    for (let j = left; j < right; j++) {
      const x = w[j];
      const y = u[j];
      a[r0 + j] -= p0 * x + q0 * y;
      a[r1 + j] -= p1 * x + q1 * y;
      a[r2 + j] -= p2 * x + q2 * y;
      a[r3 + j] -= p3 * x + q3 * y;
    }
  }
  for (; i < bottom; i++) {
    for (let j = left; j < right; j++) a[i * stride + j] -= p[i] * w[j] + q[i] * u[j];
  }
}
