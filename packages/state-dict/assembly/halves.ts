// Codes of half precision and float32, four at a time, each in 32 bits.

/** bfloat16 of float32, ties to even; what is too large gives an exponent of all ones. Not for NaN. */
export function bf16Of(v: v128): v128 {
  const odd = v128.and(i32x4.shr_u(v, 16), i32x4.splat(1));
  return i32x4.shr_u(i32x4.add(i32x4.add(v, i32x4.splat(0x7fff)), odd), 16);
}

/** float16 of float32, ties to even, subnormals included; what is NaN or too large gives an exponent of all ones. */
export function f16Of(v: v128): v128 {
  const f = v128.and(v, i32x4.splat(0x7fffffff));
  const sign = i32x4.shr_u(v128.xor(v, f), 16);
  // Another bias for the exponent; 13 bits go, and a carry out of the mantissa raises the exponent.
  const odd = v128.and(i32x4.shr_u(f, 13), i32x4.splat(1));
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(f, i32x4.splat(0xc8000fff)), odd), 13);
  // Below 2^-14: adding 1/2 puts the last place at 2^-24, and the addition rounds.
  const half = f32x4.splat(0.5);
  const subnormal = i32x4.sub(f32x4.add(f, half), half);
  let code = v128.bitselect(subnormal, normal, i32x4.lt_s(f, i32x4.splat(0x38800000)));
  code = v128.bitselect(i32x4.splat(0x7c00), code, i32x4.ge_s(f, i32x4.splat(0x47800000)));
  return v128.or(code, sign);
}

/** float32 of float16, exact. */
export function f32OfF16(h: v128): v128 {
  const magnitude = v128.and(h, i32x4.splat(0x7fff));
  const sign = i32x4.shl(v128.xor(h, magnitude), 16);
  // Read as float32 the shifted bits are 2^112 too small; the product is exact, subnormals included.
  const shifted = i32x4.shl(magnitude, 13);
  const finite = f32x4.mul(shifted, i32x4.splat(0x77800000));
  const isSpecial = i32x4.gt_s(magnitude, i32x4.splat(0x7bff));
  return v128.or(sign, v128.bitselect(v128.or(shifted, i32x4.splat(0x7f800000)), finite, isSpecial));
}
