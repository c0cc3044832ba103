// `x + left · right` over rows of stored values: every element is one sum over ascending k, added to x and rounded once.

// AssemblyScript has no types of half precision: `i16` stands for float16 and `u16` for bfloat16.

import { bf16Of, f16Of, f32OfF16 } from './halves';

/** Bytes of `right` that are gone through for every four rows: well within the second-level cache. */
const GROUP: usize = 65536;

/**
 * `out = x + left · right` on float32; whether any result is NaN or infinite. Like its neighbours for the other dtypes it takes at least
 * 8 columns, and `out` apart from `x`.
 *
 * @param x - `[rows, columns]`, as `out`
 * @param left - float32 `[rows, rank]` as panels `[rank][4]` of four rows; in place of rows that the last four lack stands the last row
 * @param right - float32 `[rank, columns]` as panels `[rank][8]` of eight columns; the last holds the last eight
 */
export function addProductF32(
  rows: i32,
  columns: i32,
  rank: i32,
  left: usize,
  right: usize,
  x: usize,
  out: usize,
): bool {
  return addProduct<f32>(rows, columns, rank, left, right, x, out);
}

/** The same on float16. */
export function addProductF16(
  rows: i32,
  columns: i32,
  rank: i32,
  left: usize,
  right: usize,
  x: usize,
  out: usize,
): bool {
  return addProduct<i16>(rows, columns, rank, left, right, x, out);
}

/** The same on bfloat16. */
export function addProductBf16(
  rows: i32,
  columns: i32,
  rank: i32,
  left: usize,
  right: usize,
  x: usize,
  out: usize,
): bool {
  return addProduct<u16>(rows, columns, rank, left, right, x, out);
}

function addProduct<T>(
  rows: i32,
  columns: i32,
  rank: i32,
  left: usize,
  right: usize,
  x: usize,
  out: usize,
): bool {
  const size = sizeof<T>();
  const rowBytes = <usize>columns * size;
  const panelBytes = (<usize>rank) << 5;
  const count = (columns + 7) >> 3;
  const group = max(1, <i32>(GROUP / panelBytes));
  let special = i32x4.splat(0);
  for (let first = 0; first < count; first += group) {
    const behind = min(first + group, count);
    for (let i = 0; i < rows; i += 4) {
      const own = left + ((<usize>i * <usize>rank) << 2);
      const row = <usize>i * rowBytes;
      const row1 = row + <usize>min(1, rows - 1 - i) * rowBytes;
      const row2 = row + <usize>min(2, rows - 1 - i) * rowBytes;
      const row3 = row + <usize>min(3, rows - 1 - i) * rowBytes;
      for (let p = first; p < behind; p++) {
        let a = own;
        let b = right + <usize>p * panelBytes;
        let c00 = f32x4.splat(0);
        let c01 = c00;
        let c10 = c00;
        let c11 = c00;
        let c20 = c00;
        let c21 = c00;
        let c30 = c00;
        let c31 = c00;
        for (let k = rank; k > 0; k--) {
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
          b += 32;
        }
        // The last panel may overlap the one before it, with the same results.
        const at = <usize>min(p << 3, columns - 8) * size;
        special = v128.or(special, finishRow<T>(x + row + at, out + row + at, c00, c01));
        special = v128.or(special, finishRow<T>(x + row1 + at, out + row1 + at, c10, c11));
        special = v128.or(special, finishRow<T>(x + row2 + at, out + row2 + at, c20, c21));
        special = v128.or(special, finishRow<T>(x + row3 + at, out + row3 + at, c30, c31));
      }
    }
  }
  return v128.any_true(special);
}

/** Adds two sums of four to eight stored values, and stores them; lanes are set where a result is NaN or infinite. */
function finishRow<T>(x: usize, out: usize, low: v128, high: v128): v128 {
  if (isFloat<T>()) {
    const exponent = i32x4.splat(0x7f800000);
    const v0 = f32x4.add(v128.load(x), low);
    const v1 = f32x4.add(v128.load(x, 16), high);
    v128.store(out, v0);
    v128.store(out, v1, 16);
    return v128.or(i32x4.eq(v128.and(v0, exponent), exponent), i32x4.eq(v128.and(v1, exponent), exponent));
  }
  const stored = v128.load(x);
  const lower = i32x4.extend_low_i16x8_u(stored);
  const upper = i32x4.extend_high_i16x8_u(stored);
  let codes: v128;
  if (isSigned<T>()) {
    const v0 = f32x4.add(f32OfF16(lower), low);
    const v1 = f32x4.add(f32OfF16(upper), high);
    codes = i16x8.narrow_i32x4_u(f16Of(v0), f16Of(v1));
  } else {
    const v0 = f32x4.add(i32x4.shl(lower, 16), low);
    const v1 = f32x4.add(i32x4.shl(upper, 16), high);
    codes = i16x8.narrow_i32x4_u(bf16Of(v0), bf16Of(v1));
  }
  v128.store(out, codes);
  const exponent = i16x8.splat(isSigned<T>() ? 0x7c00 : 0x7f80);
  return i16x8.eq(v128.and(codes, exponent), exponent);
}
