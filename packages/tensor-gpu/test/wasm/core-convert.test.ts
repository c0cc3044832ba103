import { describe, expect, it } from 'vitest';
import { Bench, noise } from './core-harness.js';

const bench = new Bench(8);
const codes = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** The value of a binary float by its definition: sign, exponent, mantissa. */
function decode(code: number, exponentBits: number, mantissaBits: number): number {
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = code >> (exponentBits + mantissaBits) ? -1 : 1;
  const exponent = (code >> mantissaBits) & (2 ** exponentBits - 1);
  const mantissa = (code & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
  if (exponent === 2 ** exponentBits - 1) return mantissa ? NaN : sign * Infinity;
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias);
  return sign * (1 + mantissa) * 2 ** (exponent - bias);
}

const formats = [
  { name: 'bfloat16', exponentBits: 8, mantissaBits: 7, encode: 'f32ToBf16', decode: 'bf16ToF32' },
  { name: 'float16', exponentBits: 5, mantissaBits: 10, encode: 'f32ToF16', decode: 'f16ToF32' },
] as const;

describe.each(formats)('$name', (format) => {
  const values = Float64Array.from(codes, (c) => decode(c, format.exponentBits, format.mantissaBits));
  const infinity = (2 ** format.exponentBits - 1) << format.mantissaBits;

  function encoded(x: Float32Array): Uint16Array {
    bench.reset();
    const out = bench.alloc(x.length * 2, 2);
    bench.core[format.encode](x.length, bench.put(x), out);
    expect(bench.damaged()).toEqual([]);
    return bench.read(Uint16Array, out, x.length);
  }

  it('decodes all 65536 codes to their exact value', () => {
    bench.reset();
    const out = bench.alloc(65536 * 4);
    bench.core[format.decode](65536, bench.put(codes, 2), out);
    expect(bench.f32(out, 65536)).toEqual(Float32Array.from(values));
    expect(bench.damaged()).toEqual([]);
  });

  it('encodes all 65536 values back to their code, a NaN to a NaN of its sign', () => {
    const got = encoded(Float32Array.from(values));
    for (const c of codes) {
      if (Number.isNaN(values[c])) expect(got[c]! & 0x7fff).toBeGreaterThan(infinity);
      else if (got[c] !== c) expect.fail(`${c} came back as ${got[c]}`);
    }
    // Payloads in the lowest bits alone must not turn into infinity.
    const nans = new Float32Array(Uint32Array.of(0x7f800001, 0xff800001, 0x7fc00000, 0xffffffff).buffer);
    const signs = [...encoded(nans)].map((c) => [c >> 15, (c & 0x7fff) > infinity]);
    expect(signs).toEqual([
      [0, true],
      [1, true],
      [0, true],
      [1, true],
    ]);
  });

  it('rounds everything between two neighbours to the nearer, ties to the even code', () => {
    for (const sign of [1, -1]) {
      const low: number[] = [];
      const middle: number[] = [];
      for (let c = 0; c < infinity; c++) {
        // Above the largest finite value, round as if the exponent went on.
        const next = c + 1 === infinity ? 2 * values[c]! - values[c - 1]! : values[c + 1]!;
        low.push(c);
        middle.push((values[c]! + next) / 2);
      }
      const ties = Float32Array.from(middle, (v) => sign * v);
      const bits = new Uint32Array(ties.buffer.slice(0));
      const inside = new Float32Array(bits.map((b) => b - 1).buffer);
      const outside = new Float32Array(bits.map((b) => b + 1).buffer);
      const signBit = sign < 0 ? 0x8000 : 0;
      expect(encoded(ties)).toEqual(Uint16Array.from(low, (c) => (c + (c & 1)) | signBit));
      expect(encoded(inside)).toEqual(Uint16Array.from(low, (c) => c | signBit));
      expect(encoded(outside)).toEqual(Uint16Array.from(low, (c) => (c + 1) | signBit));
    }
  });

  it('writes exactly the elements asked for', () => {
    for (let n = 0; n < 10; n++) {
      const x = noise(n);
      const there = encoded(x);
      bench.reset();
      const out = bench.alloc(n * 4);
      bench.core[format.decode](n, bench.put(there, 2), out);
      expect(bench.damaged()).toEqual([]);
      bench.f32(out, n).forEach((v, i) => expect(v).toBeCloseTo(x[i]!, 2));
    }
  });
});

describe('float16', () => {
  it('agrees with NumPy 1.24 on values that people trip over', () => {
    // np.float32(x).astype(np.float16).view(np.uint16)
    const known: [number, number][] = [
      [65504, 0x7bff],
      [65520 - 2 ** -8, 0x7bff],
      [65520, 0x7c00],
      [-1e30, 0xfc00],
      [2 ** -14, 0x0400],
      [1023 * 2 ** -24, 0x03ff],
      [2 ** -24, 0x0001],
      [2 ** -25, 0x0000],
      [2 ** -25 * (1 + 2 ** -23), 0x0001],
      [-1e-45, 0x8000],
      [0.1, 0x2e66],
      [-0, 0x8000],
    ];
    bench.reset();
    const out = bench.alloc(known.length * 2, 2);
    bench.core.f32ToF16(known.length, bench.put(Float32Array.from(known, ([v]) => v)), out);
    expect([...bench.read(Uint16Array, out, known.length)]).toEqual(known.map(([, code]) => code));
  });
});

describe('int8', () => {
  const all = Int8Array.from({ length: 256 }, (_, i) => i - 128);

  it.each([1, 0.0375])('decodes every code with scale %d and encodes it back', (scale) => {
    bench.reset();
    const wide = bench.alloc(256 * 4);
    const back = bench.alloc(256, 1);
    bench.core.i8ToF32(256, bench.put(all, 3), scale, wide);
    expect(bench.f32(wide, 256)).toEqual(Float32Array.from(all, (v) => v * Math.fround(scale)));
    bench.core.f32ToI8(256, wide, scale, back);
    expect(bench.read(Int8Array, back, 256)).toEqual(all);
    expect(bench.damaged()).toEqual([]);
  });

  it('rounds halves to even, clamps, and gives 0 for NaN', () => {
    const x = Float32Array.of(0.5, 1.5, 2.5, -0.5, -1.5, 127.5, 1e9, -128.5, -129, -Infinity, NaN);
    bench.reset();
    const out = bench.alloc(x.length, 1);
    bench.core.f32ToI8(x.length, bench.put(x), 1, out);
    expect([...bench.read(Int8Array, out, x.length)]).toEqual([
      0, 2, 2, 0, -2, 127, 127, -128, -128, -128, 0,
    ]);
  });

  it('writes exactly the elements asked for', () => {
    for (let n = 0; n < 9; n++) {
      bench.reset();
      const out = bench.alloc(n, 1);
      const wide = bench.alloc(n * 4);
      bench.core.f32ToI8(n, bench.put(new Float32Array(n).fill(7)), 1, out);
      bench.core.i8ToF32(n, out, 2, wide);
      expect([...bench.f32(wide, n)]).toEqual(Array.from({ length: n }, () => 14));
      expect(bench.damaged()).toEqual([]);
    }
  });
});

describe('f64ToF32', () => {
  it('rounds like Math.fround and writes exactly the elements asked for', () => {
    const special = [0, -0, NaN, Infinity, -1e300, 1e-320, 1 + 2 ** -24, 1 + 3 * 2 ** -24, Math.PI];
    for (let n = 0; n <= special.length; n++) {
      const x = Float64Array.from(special.slice(0, n));
      bench.reset();
      const out = bench.alloc(n * 4);
      bench.core.f64ToF32(n, bench.put(x), out);
      expect(bench.f32(out, n)).toEqual(Float32Array.from(x));
      expect(bench.damaged()).toEqual([]);
    }
  });
});
