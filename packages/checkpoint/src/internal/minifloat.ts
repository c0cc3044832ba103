import type { Dtype } from '../dtypes.js';

/** What a narrow float does with its topmost codes. */
type SpecialCodes =
  /** IEEE 754: the largest exponent holds infinity and NaN. */
  | 'ieee'
  /** Only all ones is NaN; no infinity. */
  | 'finite-nan'
  /** Only the sign bit alone is NaN; no infinity, no negative zero. */
  | 'unsigned-zero'
  /** Every code is a finite number. */
  | 'finite';

/** A float narrower than float32: sign, exponent, mantissa, from the top. */
export interface Minifloat {
  readonly bits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  readonly special: SpecialCodes;
}

/**
 * The narrow float dtypes, after IEEE 754 (F16, and F8_E5M2 in its manner), Micikevicius et al. 2022 (F8_E4M3,
 * arXiv:2209.05433), Noune et al. 2022 (the FNUZ kinds, arXiv:2206.02915) and the OCP microscaling formats (F4).
 */
export const minifloats: Partial<Record<Dtype, Minifloat>> = {
  F16: { bits: 16, mantissaBits: 10, bias: 15, special: 'ieee' },
  BF16: { bits: 16, mantissaBits: 7, bias: 127, special: 'ieee' },
  F8_E5M2: { bits: 8, mantissaBits: 2, bias: 15, special: 'ieee' },
  F8_E4M3: { bits: 8, mantissaBits: 3, bias: 7, special: 'finite-nan' },
  F8_E4M3FNUZ: { bits: 8, mantissaBits: 3, bias: 8, special: 'unsigned-zero' },
  F8_E5M2FNUZ: { bits: 8, mantissaBits: 2, bias: 16, special: 'unsigned-zero' },
  F4: { bits: 4, mantissaBits: 1, bias: 1, special: 'finite' },
};

/** Code of the largest finite number, without the sign bit. */
export function largestCode({ bits, mantissaBits, special }: Minifloat): number {
  const magnitudes = 2 ** (bits - 1);
  if (special === 'ieee') return magnitudes - 2 ** mantissaBits - 1;
  return special === 'finite-nan' ? magnitudes - 2 : magnitudes - 1;
}

/** Code of what a number too large becomes: infinity where there is one, else NaN, else the largest. */
export function overflowCode(format: Minifloat): number {
  if (format.special === 'ieee') return largestCode(format) + 1;
  return format.special === 'finite' ? largestCode(format) : nanCode(format);
}

/** Code of a NaN; `undefined` where every code is a number. */
function nanCode({ bits, mantissaBits, special }: Minifloat): number {
  if (special === 'ieee') return 2 ** (bits - 1) - 2 ** (mantissaBits - 1);
  return special === 'unsigned-zero' ? 2 ** (bits - 1) : 2 ** (bits - 1) - 1;
}

const decodeTables = new Map<Minifloat, Uint32Array>();

/** Float32 bit patterns of every code: exact, NaN payloads kept. */
export function decodeTable(format: Minifloat): Uint32Array {
  let table = decodeTables.get(format);
  if (!table) {
    table = Uint32Array.from({ length: 2 ** format.bits }, (_, code) => decode(code, format));
    decodeTables.set(format, table);
  }
  return table;
}

function decode(code: number, format: Minifloat): number {
  const { bits, mantissaBits, bias, special } = format;
  const magnitude = code & (2 ** (bits - 1) - 1);
  const sign = code === magnitude ? 0 : 0x80000000;
  if (special === 'unsigned-zero' && code === 2 ** (bits - 1)) return 0x7fc00000;
  if (special === 'finite-nan' && magnitude === 2 ** (bits - 1) - 1) return (sign | 0x7fc00000) >>> 0;
  const mantissa = magnitude & (2 ** mantissaBits - 1);
  if (special === 'ieee' && magnitude > largestCode(format)) {
    return (sign | 0x7f800000 | (mantissa << (23 - mantissaBits))) >>> 0;
  }
  const exponent = magnitude >>> mantissaBits;
  const value =
    exponent === 0
      ? mantissa * 2 ** (1 - bias - mantissaBits)
      : (1 + mantissa * 2 ** -mantissaBits) * 2 ** (exponent - bias);
  return (sign | new Uint32Array(Float32Array.of(value).buffer)[0]!) >>> 0;
}

/** What to do with finite value number `index`, which rounds to something above the largest: gives its code. */
export type OnOverflow = (index: number) => number;

/**
 * The nearest codes, ties to even.
 *
 * @param patterns - float32 bit patterns
 * @param codes - receives one code per pattern
 */
export function encodeAll(
  patterns: Uint32Array,
  codes: Uint8Array | Uint16Array,
  format: Minifloat,
  onOverflow: OnOverflow,
): void {
  const { bits, mantissaBits, bias } = format;
  const dropped = 23 - mantissaBits;
  const almostHalf = 2 ** (dropped - 1) - 1;
  const rebias = (127 - bias) * 2 ** 23;
  const smallestNormal = rebias + 2 ** 23;
  const largest = largestCode(format);
  for (let i = 0; i < patterns.length; i++) {
    const magnitude = patterns[i]! & 0x7fffffff;
    if (magnitude < smallestNormal || magnitude >= 0x7f800000) {
      codes[i] = encodeRare(patterns[i]!, format);
      continue;
    }
    // A mantissa that rounds up to the next power of two carries into the exponent by itself.
    const code = (magnitude - rebias + almostHalf + ((magnitude >>> dropped) & 1)) >>> dropped;
    codes[i] = code > largest ? onOverflow(i) : ((patterns[i]! >>> 31) << (bits - 1)) | code;
  }
}

/** Zeros, numbers that are subnormal in the narrow format, infinities and NaN. */
function encodeRare(pattern: number, format: Minifloat): number {
  const { bits, mantissaBits, bias, special } = format;
  const sign = (pattern >>> 31) << (bits - 1);
  const magnitude = pattern & 0x7fffffff;
  if (magnitude > 0x7f800000) return encodeNan(sign, magnitude, format);
  if (magnitude === 0x7f800000) {
    return special === 'unsigned-zero' ? nanCode(format) : sign | overflowCode(format);
  }
  const exponent = magnitude >>> 23;
  // value = significand · 2^(max(exponent, 1) - 150), and one step of the code is 2^(1 - bias - mantissaBits)
  const significand = exponent === 0 ? magnitude : (magnitude & 0x7fffff) | 0x800000;
  const dropped = 151 - bias - mantissaBits - Math.max(exponent, 1);
  const kept = dropped > 25 ? 0 : significand >>> dropped;
  const rest = dropped > 25 ? 0 : significand & (2 ** dropped - 1);
  const half = 2 ** (dropped - 1);
  const code = kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0);
  return code === 0 && special === 'unsigned-zero' ? 0 : sign | code;
}

function encodeNan(sign: number, magnitude: number, format: Minifloat): number {
  const { mantissaBits, special } = format;
  if (special === 'unsigned-zero') return nanCode(format);
  if (special !== 'ieee') return sign | nanCode(format);
  const payload = (magnitude & 0x7fffff) >>> (23 - mantissaBits);
  return sign | (largestCode(format) + 1) | (payload || 1 << (mantissaBits - 1));
}
