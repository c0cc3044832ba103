import { normalQuantile } from './normal.js';

/**
 * Upper tail probability `P(T > t)`, `t ≥ 0`, of Student's distribution with `df > 0` degrees of freedom.
 *
 * `½ I_x(df/2, ½)`, `x = df / (df + t²)`, by the continued fraction of the incomplete beta function.
 */
function studentTail(t: number, df: number): number {
  if (t === 0) return 0.5;
  const a = df / 2;
  const ratio = (t * t) / df;
  const x = 1 / (1 + ratio);
  const front = Math.exp(logGammaHalfStep(a) - a * Math.log1p(ratio)) * Math.sqrt((1 - x) / Math.PI);
  if (x < (a + 1) / (a + 2.5)) return (0.5 * front * betaFraction(x, a, 0.5)) / a;
  return 0.5 - front * betaFraction(ratio * x, 0.5, a);
}

/** Two-sided p-value of a t statistic. */
export const studentPValue = (t: number, df: number): number => Math.min(1, 2 * studentTail(Math.abs(t), df));

/** Student's distribution function. */
export const studentCdf = (t: number, df: number): number =>
  t > 0 ? 1 - studentTail(t, df) : studentTail(-t, df);

/** Student's quantile function for `p` inside (0, 1): Newton's steps in a shrinking bracket. */
export function studentQuantile(p: number, df: number): number {
  if (p === 0.5) return 0;
  if (p < 0.5) return -studentQuantile(1 - p, df);
  const q = 1 - p;
  let low = 0;
  let high = 2 * normalQuantile(p) + 1;
  while (studentTail(high, df) > q) high *= 2;
  let t = normalQuantile(p);
  for (let step = 0; step < 200; step++) {
    const tail = studentTail(t, df);
    if (tail > q) low = t;
    else high = t;
    const next = t + (tail - q) / studentPdf(t, df);
    const guarded = next > low && next < high ? next : (low + high) / 2;
    if (Math.abs(guarded - t) <= 1e-15 * Math.abs(t)) return guarded;
    t = guarded;
  }
  return t;
}

const studentPdf = (t: number, df: number): number =>
  Math.exp(logGammaHalfStep(df / 2) - ((df + 1) / 2) * Math.log1p((t * t) / df)) / Math.sqrt(Math.PI * df);

/** Lentz's continued fraction of the incomplete beta function. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const guard = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / guard(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let k = 1; k < 10_000; k++) {
    const even = (k * (b - k) * x) / ((a + 2 * k - 1) * (a + 2 * k));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + k) * (a + b + k) * x) / ((a + 2 * k) * (a + 2 * k + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    const factor = d * c;
    fraction *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return fraction;
}

/** `ln Γ(a + ½) - ln Γ(a)`, a > 0: the asymptotic series after a shift to a ≥ 12, free of cancellation. */
function logGammaHalfStep(a: number): number {
  let shift = 0;
  let at = a;
  for (; at < 12; at++) shift -= Math.log1p(0.5 / at);
  const r = 1 / at;
  const r2 = r * r;
  const series = r * (1 / 8 - r2 * (1 / 192 - r2 * (1 / 640 - r2 * (17 / 14336 - (r2 * 31) / 18432))));
  return 0.5 * Math.log(at) - series + shift;
}
