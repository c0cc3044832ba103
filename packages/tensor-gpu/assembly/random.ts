import { storeWords } from './lanes';

/**
 * `out[i] = lo + (hi − lo) · u` in `[lo, hi)`, with u the upper 24 bits of `bits[i]` over 2^24. Where rounding would
 * reach hi, the float32 below hi stands in (lo when lo = hi).
 */
export function bitsToUniform(n: i32, bits: usize, out: usize, lo: f32, hi: f32): void {
  const scale = f32x4.splat(<f32>(1.0 / 16777216.0));
  const low = f32x4.splat(lo);
  const width = f32x4.splat(hi - lo);
  const top = f32x4.splat(max<f32>(lo, below(hi)));
  for (let i = 0; i < n; i += 4) {
    const u = f32x4.mul(f32x4.convert_i32x4_u(i32x4.shr_u(v128.load(bits), 8)), scale);
    const v = f32x4.min(f32x4.add(low, f32x4.mul(u, width)), top);
    storeWords(out, v, n - i);
    bits += 16;
    out += 16;
  }
}

/** The next float32 below `x`. */
function below(x: f32): f32 {
  if (x == 0) return reinterpret<f32>(0x80000001);
  const bits = reinterpret<u32>(x);
  return reinterpret<f32>(x > 0 ? bits - 1 : bits + 1);
}

/**
 * `n` standard normal values, a pair of 32-bit words giving a pair of values (Box and Muller 1958):
 * `u = (w0 + 1/2) / 2^32`, `t = 2π w1 / 2^32`, `(√(−2 ln u) cos t, √(−2 ln u) sin t)`, in float64 by our own
 * polynomials, so the same everywhere, and rounded to float32. |out| ≤ 6.77. An odd n reads the whole last pair.
 */
export function bitsToNormal(n: i32, bits: usize, out: usize): void {
  for (let i = 0; i < n; i += 4) {
    // Lanes w0 w1 w0' w1'; past the end the words are whatever is there, and their values are not stored.
    const words = n - i > 2 ? v128.load(bits) : v128.load64_zero(bits);
    const radius = radiusOf(v128.shuffle<i32>(words, words, 0, 2, 0, 2));
    storeWords(out, turn(v128.shuffle<i32>(words, words, 1, 3, 1, 3), radius), n - i);
    bits += 16;
    out += 16;
  }
}

/** `√(−2 ln((w + 1/2) / 2^32))` of the two low uint32 lanes, as float64. */
function radiusOf(w: v128): v128 {
  const u = f64x2.mul(
    f64x2.add(f64x2.convert_low_i32x4_u(w), f64x2.splat(0.5)),
    f64x2.splat(1.0 / 4294967296.0),
  );
  // u = 2^e (1 + f) with 1 + f in [√½, √2); 0x3fe6a09e is the upper word of √½.
  const shifted = i64x2.add(u, i64x2.splat(0x0009_5f62_0000_0000));
  const exponents = i64x2.sub(i64x2.shr_u(shifted, 52), i64x2.splat(1023));
  const e = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(exponents, exponents, 0, 2, 0, 2));
  const m = i64x2.add(
    v128.and(shifted, i64x2.splat(0x000f_ffff_ffff_ffff)),
    i64x2.splat(0x3fe6_a09e_0000_0000),
  );
  const f = f64x2.sub(m, f64x2.splat(1));
  // ln(1 + f) = f − f²/2 + s (f²/2 + R(s²)), s = f / (2 + f), with the polynomial R of FreeBSD's msun e_log.c.
  const s = f64x2.div(f, f64x2.add(f64x2.splat(2), f));
  const z = f64x2.mul(s, s);
  let r = f64x2.splat(1.479819860511658591e-1);
  r = f64x2.add(f64x2.mul(r, z), f64x2.splat(1.531383769920937332e-1));
  r = f64x2.add(f64x2.mul(r, z), f64x2.splat(1.818357216161805012e-1));
  r = f64x2.add(f64x2.mul(r, z), f64x2.splat(2.222219843214978396e-1));
  r = f64x2.add(f64x2.mul(r, z), f64x2.splat(2.857142874366239149e-1));
  r = f64x2.add(f64x2.mul(r, z), f64x2.splat(3.9999999999409419e-1));
  r = f64x2.add(f64x2.mul(r, z), f64x2.splat(6.66666666666673513e-1));
  const half = f64x2.mul(f64x2.mul(f, f), f64x2.splat(0.5));
  const tail = f64x2.mul(s, f64x2.add(half, f64x2.mul(r, z)));
  const ln = f64x2.add(f64x2.sub(f, f64x2.sub(half, tail)), f64x2.mul(e, f64x2.splat(0.6931471805599453)));
  return f64x2.sqrt(f64x2.mul(ln, f64x2.splat(-2)));
}

/** float32 lanes `r cos t, r sin t, r' cos t', r' sin t'` with `t = 2π w / 2^32` of the two low uint32 lanes of w. */
function turn(w: v128, radius: v128): v128 {
  // The nearest quarter turn q, and the angle left over, in [−π/4, π/4].
  const q = i32x4.shr_u(i32x4.add(w, i32x4.splat(1 << 29)), 30);
  const rest = f64x2.convert_low_i32x4_s(i32x4.sub(w, i32x4.shl(q, 30)));
  const t = f64x2.mul(rest, f64x2.splat(6.283185307179586 / 4294967296.0));
  const z = f64x2.mul(t, t);
  // Polynomials of FreeBSD's msun k_sin.c and k_cos.c.
  let sin = f64x2.splat(1.58969099521155010221e-10);
  sin = f64x2.add(f64x2.mul(sin, z), f64x2.splat(-2.50507602534068634195e-8));
  sin = f64x2.add(f64x2.mul(sin, z), f64x2.splat(2.75573137070700676789e-6));
  sin = f64x2.add(f64x2.mul(sin, z), f64x2.splat(-1.98412698298579493134e-4));
  sin = f64x2.add(f64x2.mul(sin, z), f64x2.splat(8.33333333332248946124e-3));
  sin = f64x2.add(f64x2.mul(sin, z), f64x2.splat(-1.66666666666666324348e-1));
  sin = f64x2.add(f64x2.mul(f64x2.mul(sin, z), t), t);
  let cos = f64x2.splat(-1.13596475577881948265e-11);
  cos = f64x2.add(f64x2.mul(cos, z), f64x2.splat(2.0875723212981748279e-9));
  cos = f64x2.add(f64x2.mul(cos, z), f64x2.splat(-2.75573143513906633035e-7));
  cos = f64x2.add(f64x2.mul(cos, z), f64x2.splat(2.48015872894767294178e-5));
  cos = f64x2.add(f64x2.mul(cos, z), f64x2.splat(-1.38888888888741095749e-3));
  cos = f64x2.add(f64x2.mul(cos, z), f64x2.splat(4.16666666666666019037e-2));
  cos = f64x2.add(f64x2.mul(cos, z), f64x2.splat(-0.5));
  cos = f64x2.add(f64x2.mul(cos, z), f64x2.splat(1));
  // Odd quarters exchange the two; cos is negative in quarters 1 and 2, sin in 2 and 3.
  const quarter = i64x2.extend_low_i32x4_u(q);
  const odd = i64x2.neg(v128.and(quarter, i64x2.splat(1)));
  const x = v128.bitselect(sin, cos, odd);
  const y = v128.bitselect(cos, sin, odd);
  const signX = i64x2.shl(i64x2.shr_u(i64x2.add(quarter, i64x2.splat(1)), 1), 63);
  const signY = i64x2.shl(i64x2.shr_u(quarter, 1), 63);
  const vx = f32x4.demote_f64x2_zero(f64x2.mul(v128.xor(x, signX), radius));
  const vy = f32x4.demote_f64x2_zero(f64x2.mul(v128.xor(y, signY), radius));
  return v128.shuffle<f32>(vx, vy, 0, 4, 1, 5);
}
