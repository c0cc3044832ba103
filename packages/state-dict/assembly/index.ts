// What the engine does to every element of every tensor, four at a time. Pointers are byte offsets; arrays are dense.
// Loops go on to a multiple of four, so that up to 12 bytes past the end of an output are written.

import { bf16Of, f16Of, f32OfF16 } from './halves';

export { addProductBf16, addProductF16, addProductF32 } from './add-product';

/** bfloat16 to float32, exact; whether any value is NaN or infinite. */
export function decodeBf16(n: i32, x: usize, out: usize): bool {
  const exponent = i32x4.splat(0x7f800000);
  let special = i32x4.splat(0);
  for (let i = 0; i < n; i += 4) {
    const v = i32x4.shl(v128.load16x4_u(x), 16);
    special = v128.or(special, i32x4.eq(v128.and(v, exponent), exponent));
    v128.store(out, v);
    x += 8;
    out += 16;
  }
  return v128.any_true(special);
}

/** float16 to float32, exact; whether any value is NaN or infinite. */
export function decodeF16(n: i32, x: usize, out: usize): bool {
  const exponent = i32x4.splat(0x7c00);
  let special = i32x4.splat(0);
  for (let i = 0; i < n; i += 4) {
    const h = v128.load16x4_u(x);
    special = v128.or(special, i32x4.eq(v128.and(h, exponent), exponent));
    v128.store(out, f32OfF16(h));
    x += 8;
    out += 16;
  }
  return v128.any_true(special);
}

/** Whether any of the float32 values is NaN or infinite. */
export function anySpecial(n: i32, x: usize): bool {
  const exponent = i32x4.splat(0x7f800000);
  let special = i32x4.splat(0);
  const whole = n & ~3;
  for (let i = 0; i < whole; i += 4) {
    special = v128.or(special, i32x4.eq(v128.and(v128.load(x), exponent), exponent));
    x += 16;
  }
  let found = v128.any_true(special);
  for (let i = whole; i < n; i++) {
    found = found || (load<u32>(x) & 0x7f800000) == 0x7f800000;
    x += 4;
  }
  return found;
}

/** float32 to bfloat16, ties to even; whether any result is NaN or infinite. */
export function encodeBf16(n: i32, x: usize, out: usize): bool {
  const exponent = i32x4.splat(0x7f80);
  let special = i32x4.splat(0);
  for (let i = n; i > 0; i -= 4) {
    const code = bf16Of(v128.load(x));
    special = v128.or(special, storeCodes(out, code, exponent, i));
    x += 16;
    out += 8;
  }
  return v128.any_true(special);
}

/** float32 to float16, ties to even; whether any result is NaN or infinite. */
export function encodeF16(n: i32, x: usize, out: usize): bool {
  const exponent = i32x4.splat(0x7c00);
  let special = i32x4.splat(0);
  for (let i = n; i > 0; i -= 4) {
    const code = f16Of(v128.load(x));
    special = v128.or(special, storeCodes(out, code, exponent, i));
    x += 16;
    out += 8;
  }
  return v128.any_true(special);
}

/** Stores the first `n` of four codes; lanes are set where their exponent is all ones. */
function storeCodes(out: usize, codes: v128, exponent: v128, n: i32): v128 {
  const narrow = i16x8.narrow_i32x4_u(codes, codes);
  let special = i32x4.eq(v128.and(codes, exponent), exponent);
  if (n >= 4) {
    v128.store64_lane(out, narrow, 0);
    return special;
  }
  v128.store16_lane(out, narrow, 0);
  if (n > 1) v128.store16_lane(out, narrow, 1, 2);
  if (n > 2) v128.store16_lane(out, narrow, 2, 4);
  // Lanes from n on are whatever stood behind the end.
  special = i32x4.replace_lane(special, 3, 0);
  if (n < 3) special = i32x4.replace_lane(special, 2, 0);
  if (n < 2) special = i32x4.replace_lane(special, 1, 0);
  return special;
}

/**
 * `out = Σ factors[k] · inputs[k]`, in float64, in order, rounded once to float32.
 *
 * @param inputs - `count` pointers to float32, as unsigned 32-bit numbers
 * @param factors - `count` float64
 */
export function combine(n: i32, count: i32, inputs: usize, factors: usize, out: usize): void {
  for (let i: usize = 0; i < (<usize>n) << 2; i += 16) {
    const first = v128.load(<usize>load<u32>(inputs) + i);
    const start = v128.load64_splat(factors);
    let low = f64x2.mul(start, f64x2.promote_low_f32x4(first));
    let high = f64x2.mul(start, f64x2.promote_low_f32x4(v128.shuffle<i64>(first, first, 1, 1)));
    for (let k = 1; k < count; k++) {
      const v = v128.load(<usize>load<u32>(inputs + (k << 2)) + i);
      const factor = v128.load64_splat(factors + (k << 3));
      low = f64x2.add(low, f64x2.mul(factor, f64x2.promote_low_f32x4(v)));
      high = f64x2.add(high, f64x2.mul(factor, f64x2.promote_low_f32x4(v128.shuffle<i64>(v, v, 1, 1))));
    }
    v128.store(out + i, v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
  }
}
