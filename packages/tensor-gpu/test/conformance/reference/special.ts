/** Error function in float64: the Maclaurin series up to 2.5, Lentz's continued fraction of erfc beyond. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return NaN;
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 80; n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  // erfc(a) = exp(-a²)/√π · 1/(a + (1/2)/(a + 1/(a + (3/2)/(a + …))))
  let fraction = a;
  for (let k = 120; k >= 1; k--) fraction = a + k / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-a * a) / (Math.sqrt(Math.PI) * fraction));
}

/** Nearest whole number, halves to even. */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

interface Format {
  /** Bits of the mantissa, without the hidden one. */
  readonly mantissa: number;
  readonly exponent: number;
}
const formats: Record<'bfloat16' | 'float16', Format> = {
  bfloat16: { mantissa: 7, exponent: 8 },
  float16: { mantissa: 10, exponent: 5 },
};

/** The nearest value of a 16-bit format, halves to even, and infinity from half a step above the largest on. */
export function roundTo(format: 'bfloat16' | 'float16', x: number): number {
  if (!Number.isFinite(x) || x === 0) return x;
  const { mantissa, exponent } = formats[format];
  const bias = 2 ** (exponent - 1) - 1;
  const e = Math.max(Math.floor(Math.log2(Math.abs(x))), 1 - bias);
  const step = 2 ** (e - mantissa);
  const rounded = roundHalfEven(x / step) * step;
  const largest = (2 - 2 ** -mantissa) * 2 ** bias;
  return Math.abs(rounded) > largest ? Math.sign(x) * Infinity : rounded;
}

/** The 16-bit code of a value the format holds exactly. */
export function encode(format: 'bfloat16' | 'float16', value: number): number {
  const { mantissa, exponent } = formats[format];
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const top = (2 ** exponent - 1) * 2 ** mantissa;
  if (Number.isNaN(value)) return top + 2 ** (mantissa - 1);
  const a = Math.abs(value);
  if (a === Infinity) return sign + top;
  const bias = 2 ** (exponent - 1) - 1;
  if (a < 2 ** (1 - bias)) return sign + a / 2 ** (1 - bias - mantissa);
  let e = Math.floor(Math.log2(a));
  if (2 ** e > a) e--;
  return sign + (e + bias) * 2 ** mantissa + (a / 2 ** e - 1) * 2 ** mantissa;
}

/** The value of a 16-bit code. */
export function decode(format: 'bfloat16' | 'float16', code: number): number {
  const { mantissa, exponent } = formats[format];
  const sign = code & 0x8000 ? -1 : 1;
  const e = (code & 0x7fff) >> mantissa;
  const m = code & (2 ** mantissa - 1);
  const bias = 2 ** (exponent - 1) - 1;
  if (e === 2 ** exponent - 1) return m ? NaN : sign * Infinity;
  return e === 0 ? sign * m * 2 ** (1 - bias - mantissa) : sign * (1 + m / 2 ** mantissa) * 2 ** (e - bias);
}
