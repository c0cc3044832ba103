// Register tiles of sgemm. Every element of C is one accumulator over ascending k, whatever tile it falls into, and
// is finished by the same operations in the same order: `act(C + alpha · sum + bias)`.

import { storeWords } from './lanes';

/** Finishes up to 4 neighbouring elements of C from their sums. */
export function finish(
  at: usize,
  sum: v128,
  n: i32,
  accumulate: i32,
  alpha: f32,
  bias: usize,
  act: i32,
): void {
  let v = f32x4.mul(sum, f32x4.splat(alpha));
  if (accumulate) v = f32x4.add(v128.load(at), v);
  if (bias) v = f32x4.add(v, v128.load(bias));
  if (act == 1) v = f32x4.max(v, f32x4.splat(0));
  storeWords(at, v, n);
}

/**
 * One 4 × 8 tile of C, of which `rows` × `cols` are stored.
 *
 * @param a - 4 rows of A as a packed panel, `[k][4]`
 * @param b - 8 neighbouring columns of B, `stepB` bytes from one k to the next
 * @param rc - bytes between rows of C
 */
export function kernel4x8(
  kc: i32,
  a: usize,
  b: usize,
  stepB: usize,
  c: usize,
  rc: usize,
  rows: i32,
  cols: i32,
  accumulate: i32,
  alpha: f32,
  bias: usize,
  act: i32,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let k = kc; k > 0; k--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = f32x4.add(c00, f32x4.mul(a0, b0));
    c01 = f32x4.add(c01, f32x4.mul(a0, b1));
    const a1 = v128.load32_splat(a, 4);
    c10 = f32x4.add(c10, f32x4.mul(a1, b0));
    c11 = f32x4.add(c11, f32x4.mul(a1, b1));
    const a2 = v128.load32_splat(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(a2, b0));
    c21 = f32x4.add(c21, f32x4.mul(a2, b1));
    const a3 = v128.load32_splat(a, 12);
    c30 = f32x4.add(c30, f32x4.mul(a3, b0));
    c31 = f32x4.add(c31, f32x4.mul(a3, b1));
    a += 16;
    b += stepB;
  }
  finishTile(c, rc, rows, cols, accumulate, alpha, bias, act, c00, c01, c10, c11, c20, c21, c30, c31);
}

/**
 * One 8 × 4 tile of C, of which `rows` × `cols` are stored: `kernel4x8` with the operands exchanged, for narrow C.
 *
 * @param b - 4 columns of B as a packed panel, `[k][4]`
 * @param a - 8 neighbouring rows of A, `stepA` bytes from one k to the next
 */
export function kernel8x4(
  kc: i32,
  b: usize,
  a: usize,
  stepA: usize,
  c: usize,
  rc: usize,
  rows: i32,
  cols: i32,
  accumulate: i32,
  alpha: f32,
  bias: usize,
  act: i32,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let k = kc; k > 0; k--) {
    const a0 = v128.load(a);
    const a1 = v128.load(a, 16);
    const b0 = v128.load32_splat(b);
    c00 = f32x4.add(c00, f32x4.mul(b0, a0));
    c01 = f32x4.add(c01, f32x4.mul(b0, a1));
    const b1 = v128.load32_splat(b, 4);
    c10 = f32x4.add(c10, f32x4.mul(b1, a0));
    c11 = f32x4.add(c11, f32x4.mul(b1, a1));
    const b2 = v128.load32_splat(b, 8);
    c20 = f32x4.add(c20, f32x4.mul(b2, a0));
    c21 = f32x4.add(c21, f32x4.mul(b2, a1));
    const b3 = v128.load32_splat(b, 12);
    c30 = f32x4.add(c30, f32x4.mul(b3, a0));
    c31 = f32x4.add(c31, f32x4.mul(b3, a1));
    b += 16;
    a += stepA;
  }
  finishColumns(c, c00, c10, c20, c30, rc, min(4, rows), cols, accumulate, alpha, bias, act);
  if (rows > 4)
    finishColumns(c + 4 * rc, c01, c11, c21, c31, rc, rows - 4, cols, accumulate, alpha, bias, act);
}

/** Finishes up to 4 × 4 elements whose sums come by columns. */
function finishColumns(
  at: usize,
  v0: v128,
  v1: v128,
  v2: v128,
  v3: v128,
  rc: usize,
  rows: i32,
  cols: i32,
  accumulate: i32,
  alpha: f32,
  bias: usize,
  act: i32,
): void {
  const t0 = v128.shuffle<f32>(v0, v1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(v2, v3, 0, 4, 1, 5);
  const t2 = v128.shuffle<f32>(v0, v1, 2, 6, 3, 7);
  const t3 = v128.shuffle<f32>(v2, v3, 2, 6, 3, 7);
  finish(at, v128.shuffle<f64>(t0, t1, 0, 2), cols, accumulate, alpha, bias, act);
  if (rows > 1) finish(at + rc, v128.shuffle<f64>(t0, t1, 1, 3), cols, accumulate, alpha, bias, act);
  if (rows > 2) finish(at + 2 * rc, v128.shuffle<f64>(t2, t3, 0, 2), cols, accumulate, alpha, bias, act);
  if (rows > 3) finish(at + 3 * rc, v128.shuffle<f64>(t2, t3, 1, 3), cols, accumulate, alpha, bias, act);
}

/** Finishes a 4 × 8 tile. */
function finishTile(
  c: usize,
  rc: usize,
  rows: i32,
  cols: i32,
  accumulate: i32,
  alpha: f32,
  bias: usize,
  act: i32,
  c00: v128,
  c01: v128,
  c10: v128,
  c11: v128,
  c20: v128,
  c21: v128,
  c30: v128,
  c31: v128,
): void {
  const c1 = c + rc;
  const c2 = c1 + rc;
  const c3 = c2 + rc;
  if (rows < 4 || cols < 8) {
    finishRow(c, c00, c01, cols, accumulate, alpha, bias, act);
    if (rows > 1) finishRow(c1, c10, c11, cols, accumulate, alpha, bias, act);
    if (rows > 2) finishRow(c2, c20, c21, cols, accumulate, alpha, bias, act);
    if (rows > 3) finishRow(c3, c30, c31, cols, accumulate, alpha, bias, act);
    return;
  }
  const scale = f32x4.splat(alpha);
  c00 = f32x4.mul(c00, scale);
  c01 = f32x4.mul(c01, scale);
  c10 = f32x4.mul(c10, scale);
  c11 = f32x4.mul(c11, scale);
  c20 = f32x4.mul(c20, scale);
  c21 = f32x4.mul(c21, scale);
  c30 = f32x4.mul(c30, scale);
  c31 = f32x4.mul(c31, scale);
  if (accumulate) {
    c00 = f32x4.add(v128.load(c), c00);
    c01 = f32x4.add(v128.load(c, 16), c01);
    c10 = f32x4.add(v128.load(c1), c10);
    c11 = f32x4.add(v128.load(c1, 16), c11);
    c20 = f32x4.add(v128.load(c2), c20);
    c21 = f32x4.add(v128.load(c2, 16), c21);
    c30 = f32x4.add(v128.load(c3), c30);
    c31 = f32x4.add(v128.load(c3, 16), c31);
  }
  if (bias) {
    const d0 = v128.load(bias);
    const d1 = v128.load(bias, 16);
    c00 = f32x4.add(c00, d0);
    c01 = f32x4.add(c01, d1);
    c10 = f32x4.add(c10, d0);
    c11 = f32x4.add(c11, d1);
    c20 = f32x4.add(c20, d0);
    c21 = f32x4.add(c21, d1);
    c30 = f32x4.add(c30, d0);
    c31 = f32x4.add(c31, d1);
  }
  if (act == 1) {
    const zero = f32x4.splat(0);
    c00 = f32x4.max(c00, zero);
    c01 = f32x4.max(c01, zero);
    c10 = f32x4.max(c10, zero);
    c11 = f32x4.max(c11, zero);
    c20 = f32x4.max(c20, zero);
    c21 = f32x4.max(c21, zero);
    c30 = f32x4.max(c30, zero);
    c31 = f32x4.max(c31, zero);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  v128.store(c1, c10);
  v128.store(c1, c11, 16);
  v128.store(c2, c20);
  v128.store(c2, c21, 16);
  v128.store(c3, c30);
  v128.store(c3, c31, 16);
}

function finishRow(
  at: usize,
  v0: v128,
  v1: v128,
  cols: i32,
  accumulate: i32,
  alpha: f32,
  bias: usize,
  act: i32,
): void {
  finish(at, v0, cols, accumulate, alpha, bias, act);
  if (cols > 4) finish(at + 16, v1, cols - 4, accumulate, alpha, bias ? bias + 16 : 0, act);
}
