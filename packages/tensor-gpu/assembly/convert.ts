// Storage dtypes to and from float32, four elements at a time.

import { storeWords } from './lanes';

/** bfloat16 to float32, exact. */
export function bf16ToF32(n: i32, x: usize, out: usize): void {
  for (let i = 0; i < n; i += 4) {
    storeWords(out, i32x4.shl(v128.load16x4_u(x), 16), n - i);
    x += 8;
    out += 16;
  }
}

/** float32 to bfloat16, ties to even; overflow gives infinity, a NaN stays a NaN of its sign. */
export function f32ToBf16(n: i32, x: usize, out: usize): void {
  for (let i = 0; i < n; i += 4) {
    const v = v128.load(x);
    const upper = i32x4.shr_u(v, 16);
    const odd = v128.and(upper, i32x4.splat(1));
    const rounded = i32x4.shr_u(i32x4.add(i32x4.add(v, i32x4.splat(0x7fff)), odd), 16);
    const quiet = v128.or(upper, i32x4.splat(0x40));
    storeHalves(out, v128.bitselect(quiet, rounded, f32x4.ne(v, v)), n - i);
    x += 16;
    out += 8;
  }
}

/** float16 to float32, exact. */
export function f16ToF32(n: i32, x: usize, out: usize): void {
  for (let i = 0; i < n; i += 4) {
    const h = v128.load16x4_u(x);
    const magnitude = v128.and(h, i32x4.splat(0x7fff));
    const sign = i32x4.shl(v128.xor(h, magnitude), 16);
    // Read as float32 the shifted bits are 2^112 too small; the product is exact, subnormals included.
    const shifted = i32x4.shl(magnitude, 13);
    const finite = f32x4.mul(shifted, i32x4.splat(0x77800000));
    const special = v128.or(shifted, i32x4.splat(0x7f800000));
    const isSpecial = i32x4.gt_s(magnitude, i32x4.splat(0x7bff));
    storeWords(out, v128.or(sign, v128.bitselect(special, finite, isSpecial)), n - i);
    x += 8;
    out += 16;
  }
}

/** float32 to float16, ties to even, subnormals included; 65520 and more give infinity, a NaN stays a NaN. */
export function f32ToF16(n: i32, x: usize, out: usize): void {
  for (let i = 0; i < n; i += 4) {
    const v = v128.load(x);
    const f = v128.and(v, i32x4.splat(0x7fffffff));
    const sign = i32x4.shr_u(v128.xor(v, f), 16);
    // Rebias the exponent and round the 13 bits that go; a carry out of the mantissa raises the exponent.
    const odd = v128.and(i32x4.shr_u(f, 13), i32x4.splat(1));
    const rebiased = i32x4.add(i32x4.add(f, i32x4.splat(0xc8000fff)), odd);
    const normal = i32x4.shr_u(rebiased, 13);
    // Below 2^-14: adding 1/2 aligns the last place with 2^-24, and the addition rounds.
    const half = f32x4.splat(0.5);
    const subnormal = i32x4.sub(f32x4.add(f, half), half);
    const infinity = i32x4.splat(0x7c00);
    const nan = v128.or(v128.and(i32x4.shr_u(f, 13), i32x4.splat(0x3ff)), i32x4.splat(0x7e00));
    let h = v128.bitselect(subnormal, normal, i32x4.lt_s(f, i32x4.splat(0x38800000)));
    h = v128.bitselect(infinity, h, i32x4.ge_s(f, i32x4.splat(0x47800000)));
    h = v128.bitselect(nan, h, f32x4.ne(v, v));
    storeHalves(out, v128.or(h, sign), n - i);
    x += 16;
    out += 8;
  }
}

/** `out[i] = x[i] · scale`, int8 to float32. */
export function i8ToF32(n: i32, x: usize, scale: f32, out: usize): void {
  const factor = f32x4.splat(scale);
  for (let i = 0; i < n; i += 4) {
    const wide = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(x)));
    storeWords(out, f32x4.mul(f32x4.convert_i32x4_s(wide), factor), n - i);
    x += 4;
    out += 16;
  }
}

/** `out[i] = x[i] / scale` rounded half to even and clamped to −128..127, float32 to int8; a NaN gives 0. */
export function f32ToI8(n: i32, x: usize, scale: f32, out: usize): void {
  const divisor = f32x4.splat(scale);
  for (let i = 0; i < n; i += 4) {
    const words = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.div(v128.load(x), divisor)));
    const halves = i16x8.narrow_i32x4_s(words, words);
    const bytes = i32x4.extract_lane(i8x16.narrow_i16x8_s(halves, halves), 0);
    if (n - i >= 4) store<i32>(out, bytes);
    else storeBytes(out, bytes, n - i);
    x += 16;
    out += 4;
  }
}

/** float64 to float32, ties to even. */
export function f64ToF32(n: i32, x: usize, out: usize): void {
  for (let i = 0; i < n; i += 4) {
    const left = n - i;
    const low = f32x4.demote_f64x2_zero(v128.load(x));
    const high = left > 2 ? f32x4.demote_f64x2_zero(v128.load(x, 16)) : low;
    storeWords(out, v128.shuffle<f32>(low, high, 0, 1, 4, 5), left);
    x += 32;
    out += 16;
  }
}

/** Stores the lower halves of the first `n` of 4 words below 2^16. */
function storeHalves(at: usize, v: v128, n: i32): void {
  const halves = i16x8.narrow_i32x4_u(v, v);
  if (n >= 4) {
    v128.store64_lane(at, halves, 0);
    return;
  }
  v128.store16_lane(at, halves, 0);
  if (n > 1) v128.store16_lane(at, halves, 1, 2);
  if (n > 2) v128.store16_lane(at, halves, 2, 4);
}

function storeBytes(at: usize, bytes: i32, n: i32): void {
  store<u8>(at, <u8>bytes);
  if (n > 1) store<u8>(at, <u8>(bytes >> 8), 1);
  if (n > 2) store<u8>(at, <u8>(bytes >> 16), 2);
}
