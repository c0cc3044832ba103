import { FunctionBuilder, simd } from './assembler.js';

/**
 * Float32 functions on four lanes, by range reduction and polynomials (Cephes coefficients, S. Moshier; relative error about
 * 2e-7 in range). NaN goes through; results are the same on every machine.
 */
export type MathName = 'exp' | 'expm1' | 'log' | 'log1p' | 'tanh' | 'sigmoid' | 'erf' | 'sin' | 'cos' | 'pow';

/** What each function calls; callees come first in the module. */
export const mathCalls: Record<MathName, readonly MathName[]> = {
  exp: [],
  log: [],
  expm1: ['exp'],
  log1p: ['log'],
  tanh: ['exp'],
  sigmoid: ['exp'],
  erf: ['exp'],
  sin: [],
  cos: [],
  pow: [],
};

type Index = (name: MathName) => number;

/** Horner's scheme in `x` with the value left on the stack; coefficients from the highest power down. */
function horner(f: FunctionBuilder, x: number, coefficients: readonly number[]): void {
  f.f32(coefficients[0]);
  for (const c of coefficients.slice(1)) f.get(x).simd(simd.f32x4Mul).f32(c).simd(simd.f32x4Add);
}

/** Builds one function; `index` gives the position of the functions it calls. */
export function mathFunction(name: MathName, index: Index): FunctionBuilder {
  const f = new FunctionBuilder(name === 'pow' ? ['v128', 'v128'] : ['v128'], ['v128']);
  builders[name](f, index);
  return f;
}

const builders: Record<MathName, (f: FunctionBuilder, index: Index) => void> = {
  exp(f) {
    const [x, n, r, half] = [0, f.local('v128'), f.local('v128'), f.local('v128')];
    f.get(x).f32(89).simd(simd.f32x4Min).f32(-104).simd(simd.f32x4Max).set(x);
    f.get(x).f32(Math.LOG2E).simd(simd.f32x4Mul).simd(simd.f32x4Nearest).set(n);
    f.get(x).get(n).f32(0.693359375).simd(simd.f32x4Mul).simd(simd.f32x4Sub);
    f.get(n).f32(-2.1219444e-4).simd(simd.f32x4Mul).simd(simd.f32x4Sub).set(r);
    horner(
      f,
      r,
      [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
    );
    f.get(r).get(r).simd(simd.f32x4Mul).simd(simd.f32x4Mul);
    f.get(r).simd(simd.f32x4Add).f32(1).simd(simd.f32x4Add);
    // 2^n in two factors, so that results down to the smallest subnormal and up to infinity come out right.
    f.get(n).simd(simd.i32x4TruncSatF32x4S).tee(n).i32(1).simd(simd.i32x4ShrS).set(half);
    f.get(half).lanes(127).simd(simd.i32x4Add).i32(23).simd(simd.i32x4Shl).simd(simd.f32x4Mul);
    f.get(n).get(half).simd(simd.i32x4Sub).lanes(127).simd(simd.i32x4Add).i32(23).simd(simd.i32x4Shl);
    f.simd(simd.f32x4Mul);
  },

  log(f) {
    const [x, e, m, z, y, tiny] = [0, ...Array.from({ length: 5 }, () => f.local('v128'))];
    f.get(x).f32(1.17549435e-38).simd(simd.f32x4Lt).set(tiny);
    f.get(x).f32(8388608).simd(simd.f32x4Mul).get(x).get(tiny).simd(simd.bitselect).tee(m);
    f.lanes(0x3f3504f3).simd(simd.i32x4Sub).i32(23).simd(simd.i32x4ShrS).set(e);
    f.get(m).get(e).i32(23).simd(simd.i32x4Shl).simd(simd.i32x4Sub).f32(1).simd(simd.f32x4Sub).set(m);
    f.get(e).get(tiny).lanes(23).simd(simd.and).simd(simd.i32x4Sub).simd(simd.f32x4ConvertI32x4S).set(e);
    f.get(m).get(m).simd(simd.f32x4Mul).set(z);
    horner(
      f,
      m,
      [
        7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
        2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
      ],
    );
    f.get(m).get(z).simd(simd.f32x4Mul).simd(simd.f32x4Mul);
    f.get(e).f32(-2.1219444e-4).simd(simd.f32x4Mul).simd(simd.f32x4Add);
    f.get(z).f32(0.5).simd(simd.f32x4Mul).simd(simd.f32x4Sub);
    f.get(m).simd(simd.f32x4Add).get(e).f32(0.693359375).simd(simd.f32x4Mul).simd(simd.f32x4Add).set(y);
    // log(0) = -∞, log(x < 0) = NaN, log(∞) = ∞, log(NaN) = NaN.
    f.f32(-Infinity).get(y).get(x).f32(0).simd(simd.f32x4Eq).simd(simd.bitselect).set(y);
    f.get(x).get(y).get(x).f32(Infinity).simd(simd.f32x4Eq).simd(simd.bitselect).set(y);
    f.f32(NaN).get(y);
    f.get(x).f32(0).simd(simd.f32x4Lt).get(x).get(x).simd(simd.f32x4Ne).simd(simd.or).simd(simd.bitselect);
  },

  expm1(f, index) {
    const x = 0;
    const y = f.local('v128');
    horner(f, x, [1 / 40320, 1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 0.5]);
    f.get(x).get(x).simd(simd.f32x4Mul).simd(simd.f32x4Mul).get(x).simd(simd.f32x4Add);
    f.get(x).call(index('exp')).f32(1).simd(simd.f32x4Sub).set(y);
    f.get(y).get(x).simd(simd.f32x4Abs).f32(0.34).simd(simd.f32x4Lt).simd(simd.bitselect);
  },

  log1p(f, index) {
    const [x, u, y] = [0, f.local('v128'), f.local('v128')];
    f.get(x).f32(1).simd(simd.f32x4Add).set(u);
    // The rounding of 1 + x is put back: log(u) + (x - (u - 1)) / u.
    f.get(u).call(index('log'));
    f.get(x).get(u).f32(1).simd(simd.f32x4Sub).simd(simd.f32x4Sub).get(u).simd(simd.f32x4Div);
    f.simd(simd.f32x4Add).set(y);
    const special = f.local('v128');
    f.get(u).f32(0).simd(simd.f32x4Eq).get(u).f32(Infinity).simd(simd.f32x4Eq).simd(simd.or).set(special);
    f.get(u).call(index('log')).get(y).get(special).simd(simd.bitselect).set(y);
    f.get(x).get(y).get(u).f32(1).simd(simd.f32x4Eq).simd(simd.bitselect);
  },

  tanh(f, index) {
    const [x, z, a] = [0, f.local('v128'), f.local('v128')];
    f.get(x).get(x).simd(simd.f32x4Mul).set(z);
    horner(
      f,
      z,
      [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1],
    );
    f.get(z).simd(simd.f32x4Mul).get(x).simd(simd.f32x4Mul).get(x).simd(simd.f32x4Add);
    // 1 - 2 / (exp(2|x|) + 1) with the sign of x.
    f.get(x).simd(simd.f32x4Abs).set(a);
    f.f32(1).f32(2).get(a).get(a).simd(simd.f32x4Add).call(index('exp')).f32(1).simd(simd.f32x4Add);
    f.simd(simd.f32x4Div).simd(simd.f32x4Sub);
    f.get(x).lanes(-0x80000000).simd(simd.and).simd(simd.or);
    f.get(a).f32(0.625).simd(simd.f32x4Lt).simd(simd.bitselect);
  },

  sigmoid(f, index) {
    f.f32(1).f32(1).get(0).simd(simd.f32x4Neg).call(index('exp')).simd(simd.f32x4Add).simd(simd.f32x4Div);
  },

  erf(f, index) {
    const [x, z, a, q, y] = [0, ...Array.from({ length: 4 }, () => f.local('v128'))];
    f.get(x).get(x).simd(simd.f32x4Mul).set(z);
    f.get(x).simd(simd.f32x4Abs).set(a);
    f.f32(1).get(a).simd(simd.f32x4Div).tee(q).get(q).simd(simd.f32x4Mul).set(y);
    // |x| < 1: x · T(x²)
    horner(
      f,
      z,
      [
        7.853861353153693e-5, -8.010193625184903e-4, 5.188327685732524e-3, -2.685381193529856e-2,
        1.128358514861418e-1, -3.7612625824233e-1, 1.12837916572671,
      ],
    );
    f.get(x).simd(simd.f32x4Mul);
    // |x| ≥ 1: 1 - exp(-x²) / |x| · P(1/x²) with the sign of x
    f.f32(1);
    f.get(z).simd(simd.f32x4Neg).call(index('exp')).get(q).simd(simd.f32x4Mul);
    horner(
      f,
      y,
      [
        2.326819970068386e-2, -1.387039388740657e-1, 3.687424674597105e-1, -5.824733027278666e-1,
        6.210004621745983e-1, -4.944515323274145e-1, 3.404879937665872e-1, -2.741127028184656e-1,
        5.638259427386472e-1,
      ],
    );
    horner(
      f,
      y,
      [
        -1.047766399936249e1, 1.297719955372516e1, -7.495518717768503, 2.921019019210786, -1.0152652792027,
        4.218463358204948e-1, -2.820767439740514e-1, 5.641895067754075e-1,
      ],
    );
    f.get(a).f32(2).simd(simd.f32x4Lt).simd(simd.bitselect).simd(simd.f32x4Mul);
    // exp(-x²) · q underflows to 0 · (finite) for large |x|; ∞ gives 0 · 0.
    f.simd(simd.f32x4Sub).get(x).lanes(-0x80000000).simd(simd.and).simd(simd.or);
    f.get(a).f32(1).simd(simd.f32x4Lt).simd(simd.bitselect);
  },

  sin: (f) => sine(f, 0),
  cos: (f) => sine(f, 1),

  pow(f) {
    const [x, y, a, low, out] = [0, 1, f.local('v128'), f.local('v128'), f.local('v128')];
    const high = f.local('v128');
    f.get(x).simd(simd.f32x4Abs).set(a);
    // |x|^y in float64, two lanes at a time.
    const half = (target: number, upper: boolean): void => {
      const lanes = (v: number): void => {
        f.get(v);
        if (upper)
          f.get(v)
            .simd(simd.shuffle)
            .emit(...[8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]);
        f.simd(simd.promoteLow);
      };
      powHalf(
        f,
        () => lanes(a),
        () => lanes(y),
      );
      f.set(target);
    };
    half(low, false);
    half(high, true);
    f.get(low)
      .get(high)
      .simd(simd.shuffle)
      .emit(...[0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23])
      .set(out);
    // Negative base: NaN unless y is whole; odd y gives a minus sign.
    const [odd, whole] = [f.local('v128'), f.local('v128')];
    f.get(y).simd(simd.f32x4Floor).get(y).simd(simd.f32x4Eq).set(whole);
    f.get(y).f32(0.5).simd(simd.f32x4Mul).tee(odd).simd(simd.f32x4Floor).get(odd).simd(simd.f32x4Ne);
    f.get(whole).simd(simd.and).set(odd);
    f.get(x).get(odd).simd(simd.and).lanes(-0x80000000).simd(simd.and).get(out).simd(simd.or).set(out);
    f.f32(NaN).get(out);
    f.get(x)
      .f32(0)
      .simd(simd.f32x4Lt)
      .get(whole)
      .simd(simd.andNot)
      .get(a)
      .f32(Infinity)
      .simd(simd.f32x4Lt)
      .simd(simd.and);
    f.simd(simd.bitselect).set(out);
    // 1^y = x^0 = 1, also for NaN and ∞; (-1)^±∞ = 1.
    f.f32(1).get(out);
    f.get(y).f32(0).simd(simd.f32x4Eq).get(x).f32(1).simd(simd.f32x4Eq).simd(simd.or);
    f.get(a)
      .f32(1)
      .simd(simd.f32x4Eq)
      .get(y)
      .simd(simd.f32x4Abs)
      .f32(Infinity)
      .simd(simd.f32x4Eq)
      .simd(simd.and);
    f.simd(simd.or).simd(simd.bitselect);
  },
};

/** sin (phase 0) or cos (phase 1): the quadrant in float64, so that arguments up to 2^24 keep their accuracy. */
function sine(f: FunctionBuilder, phase: 0 | 1): void {
  const [x, r, q, z, s] = [0, ...Array.from({ length: 4 }, () => f.local('v128'))];
  const [lr, lq, hr, hq, n, d] = Array.from({ length: 6 }, () => f.local('v128'));
  const reduce = (upper: boolean, remainder: number, quadrant: number): void => {
    f.get(x);
    if (upper)
      f.get(x)
        .simd(simd.shuffle)
        .emit(...[8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]);
    f.simd(simd.promoteLow)
      .tee(d)
      .f64(2 / Math.PI)
      .simd(simd.f64x2Mul)
      .simd(simd.f64x2Nearest)
      .set(n);
    f.get(d)
      .get(n)
      .f64(Math.PI / 2)
      .simd(simd.f64x2Mul)
      .simd(simd.f64x2Sub);
    f.get(n)
      .f64(6.123233995736766e-17)
      .simd(simd.f64x2Mul)
      .simd(simd.f64x2Sub)
      .simd(simd.demote)
      .set(remainder);
    f.get(n)
      .get(n)
      .f64(0.25)
      .simd(simd.f64x2Mul)
      .simd(simd.f64x2Floor)
      .f64(4)
      .simd(simd.f64x2Mul)
      .simd(simd.f64x2Sub);
    f.simd(simd.i32x4TruncSatF64x2SZero).set(quadrant);
  };
  reduce(false, lr, lq);
  reduce(true, hr, hq);
  const join = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
  f.get(lr)
    .get(hr)
    .simd(simd.shuffle)
    .emit(...join);
  // Beyond float64's reach the remainder is no longer small; clamped, the result at least stays within ±1.
  f.f32(0.7854).simd(simd.f32x4Min).f32(-0.7854).simd(simd.f32x4Max).set(r);
  f.get(lq)
    .get(hq)
    .simd(simd.shuffle)
    .emit(...join)
    .lanes(phase)
    .simd(simd.i32x4Add)
    .set(q);
  f.get(r).get(r).simd(simd.f32x4Mul).set(z);
  horner(f, z, [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]);
  f.get(z).simd(simd.f32x4Mul).get(r).simd(simd.f32x4Mul).get(r).simd(simd.f32x4Add).set(s);
  horner(f, z, [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]);
  f.get(z)
    .simd(simd.f32x4Mul)
    .get(z)
    .simd(simd.f32x4Mul)
    .get(z)
    .f32(0.5)
    .simd(simd.f32x4Mul)
    .simd(simd.f32x4Sub);
  f.f32(1)
    .simd(simd.f32x4Add)
    .get(s)
    .get(q)
    .lanes(1)
    .simd(simd.and)
    .lanes(1)
    .simd(simd.i32x4Eq)
    .simd(simd.bitselect);
  f.get(q).lanes(2).simd(simd.and).i32(30).simd(simd.i32x4Shl).simd(simd.xor);
}

/** `a^y` for a ≥ 0 on two float64 lanes, left on the stack as two float32 lanes. */
function powHalf(f: FunctionBuilder, base: () => void, power: () => void): void {
  const [a, e, m, s, z, t, n] = Array.from({ length: 7 }, () => f.local('v128'));
  base();
  f.set(a);
  // a = 2^e · m with m in [√½, √2)
  const shift = 0x3fe6a09e;
  const high = new Int32Array([0, shift, 0, shift]);
  f.get(a).bits(new Uint8Array(high.buffer)).simd(simd.i64x2Sub).i32(52).simd(simd.i64x2ShrS).set(e);
  f.get(a).get(e).i32(52).simd(simd.i64x2Shl).simd(simd.i64x2Sub).set(m);
  f.get(m).f64(1).simd(simd.f64x2Sub).get(m).f64(1).simd(simd.f64x2Add).simd(simd.f64x2Div).set(s);
  f.get(s).get(s).simd(simd.f64x2Mul).set(z);
  // log(m) = 2 artanh(s)
  f.f64(2 / 19);
  for (const k of [17, 15, 13, 11, 9, 7, 5, 3, 1])
    f.get(z)
      .simd(simd.f64x2Mul)
      .f64(2 / k)
      .simd(simd.f64x2Add);
  f.get(s).simd(simd.f64x2Mul);
  f.get(e)
    .get(e)
    .simd(simd.shuffle)
    .emit(...[0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11]);
  f.simd(simd.f64x2ConvertLowI32x4S).f64(Math.LN2).simd(simd.f64x2Mul).simd(simd.f64x2Add).set(t);
  f.f64(-1e300).get(t).get(a).f64(0).simd(simd.f64x2Eq).simd(simd.bitselect).set(t);
  f.f64(1e300).get(t).get(a).f64(Infinity).simd(simd.f64x2Eq).simd(simd.bitselect).set(t);
  f.get(a).get(t).get(a).get(a).simd(simd.f64x2Eq).simd(simd.not).simd(simd.bitselect).set(t);
  power();
  f.get(t).simd(simd.f64x2Mul).f64(200).simd(simd.f64x2Min).f64(-200).simd(simd.f64x2Max).set(t);
  f.get(t).f64(Math.LOG2E).simd(simd.f64x2Mul).simd(simd.f64x2Nearest).set(n);
  f.get(t).get(n).f64(Math.LN2).simd(simd.f64x2Mul).simd(simd.f64x2Sub).set(t);
  let factorial = 1;
  const series = [1];
  for (let k = 1; k <= 11; k++) series.push((factorial *= k));
  f.f64(1 / series[11]);
  for (let k = 10; k >= 0; k--)
    f.get(t)
      .simd(simd.f64x2Mul)
      .f64(1 / series[k])
      .simd(simd.f64x2Add);
  f.get(n).simd(simd.i32x4TruncSatF64x2SZero).simd(simd.i64x2ExtendLowI32x4S).i32(52).simd(simd.i64x2Shl);
  f.f64(1).simd(simd.i64x2Add).simd(simd.f64x2Mul).simd(simd.demote);
}
