import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dtype, dtypeBits, fromFloat32, toFloat32 } from '../src/index.js';
import { decoded, encoded } from './golden/float-codes.js';
import { refusal, refusalCode } from './helpers.js';

const codes = (values: number[], dtype: Dtype, overflow?: 'special' | 'saturate') => {
  const { bytes } = fromFloat32(Float32Array.from(values), dtype, overflow ? { overflow } : {});
  return dtypeBits[dtype] === 16 ? [...new Uint16Array(bytes.buffer)] : [...bytes];
};

describe('fromFloat32', () => {
  it('rounds halves to the even neighbour', () => {
    // 2048 and 2050 are neighbours in F16; 256 and 258 in BF16; 16 and 18 in F8_E4M3.
    expect(codes([2049, 2051, 2049.001], 'F16')).toEqual([0x6800, 0x6802, 0x6801]);
    expect(codes([257, 259], 'BF16')).toEqual([0x4380, 0x4382]);
    expect(codes([17, 19], 'F8_E4M3')).toEqual([0x58, 0x5a]);
  });

  it.each(encoded)(
    'gives the code ml_dtypes and NumPy give for $dtype at and around every midpoint',
    (golden) => {
      const { dtype, inputs, outputs } = golden;
      const wide = dtypeBits[dtype] === 16;
      const expected = wide ? new Uint16Array(outputs.buffer) : outputs;
      const { bytes } = fromFloat32(inputs, dtype, {
        overflow: 'special',
        into: sized(inputs.length, dtype),
      });
      const ours =
        dtype === 'F4'
          ? Array.from(inputs, (_, i) => (bytes[i >> 1]! >> ((i & 1) * 4)) & 15)
          : [...(wide ? new Uint16Array(bytes.buffer) : bytes)];
      const values = decoded.find((table) => table.dtype === dtype)!.values;
      // NaN has many codes: any of them will do.
      const same = (a: number, b: number) => a === b || (Number.isNaN(values[a]) && Number.isNaN(values[b]));
      expect(
        ours.flatMap((code, i) => (same(code, expected[i]!) ? [] : [[inputs[i], code, expected[i]]])),
      ).toEqual([]);
    },
  );

  it.each(decoded.filter(({ dtype }) => dtype !== 'F8_E8M0'))(
    'turns every value of $dtype back into its code',
    (table) => {
      const { dtype, values } = table;
      const { bytes } = fromFloat32(
        toFloat32({ dtype, shape: [values.length], bytes: allCodes(dtype) }),
        dtype,
      );
      expect(Buffer.from(bytes).equals(Buffer.from(allCodes(dtype)))).toBe(true);
    },
  );

  it('turns powers of two into F8_E8M0 and refuses the rest', async () => {
    expect(codes([1, 2 ** -127, 2 ** 127, NaN], 'F8_E8M0')).toEqual([127, 0, 254, 255]);
    for (const value of [0, -1, 3, Infinity]) {
      expect(await refusalCode(() => codes([value], 'F8_E8M0'))).toBe('lossy-conversion');
    }
  });

  it('refuses finite values beyond the range, unless told what to make of them', async () => {
    expect((await refusal(() => codes([1, 70000], 'F16'))).message).toMatch(
      /expected values up to 65504, the largest of F16, received 70000 at element 1; pass/,
    );
    expect(codes([65519.996, 65520, -70000], 'F16', 'special')).toEqual([0x7bff, 0x7c00, 0xfc00]);
    expect(codes([70000, -70000], 'F16', 'saturate')).toEqual([0x7bff, 0xfbff]);
    expect(codes([500, -500], 'F8_E4M3', 'saturate')).toEqual([0x7e, 0xfe]);
    expect(codes([500, -500], 'F8_E4M3', 'special')).toEqual([0x7f, 0xff]);
    expect(codes([500, -500], 'F8_E4M3FNUZ', 'special')).toEqual([0x80, 0x80]);
    expect(codes([Infinity, -Infinity], 'F16')).toEqual([0x7c00, 0xfc00]);
    expect(await refusalCode(() => codes([NaN, 0], 'F4'))).toBe('value-overflow');
  });

  it('stores integers only when they are exact', async () => {
    const stored = (values: number[], dtype: Dtype) =>
      fromFloat32(Float32Array.from(values), dtype).bytes.slice().buffer;
    expect([...new Int32Array(stored([1, -2], 'I32'))]).toEqual([1, -2]);
    expect([...new BigInt64Array(stored([-(2 ** 40)], 'I64'))]).toEqual([-(2n ** 40n)]);
    expect([...new Float64Array(stored([0.5, NaN], 'F64'))]).toEqual([0.5, NaN]);
    for (const [value, dtype] of [
      [0.5, 'I32'],
      [256, 'U8'],
      [-1, 'U8'],
      [2, 'BOOL'],
      [NaN, 'I64'],
      [2 ** 63, 'I64'],
      [2 ** 31, 'I32'],
    ] as const) {
      expect(await refusalCode(() => stored([value], dtype))).toBe('lossy-conversion');
    }
    expect(await refusalCode(() => stored([1], 'C64'))).toBe('unsupported-conversion');
  });

  it('takes a shape and a place to write', async () => {
    const into = new Uint8Array(8).subarray(2, 6);
    const tensor = fromFloat32(Float32Array.of(1, 2), 'BF16', { shape: [2, 1], into });
    expect(tensor).toMatchObject({ dtype: 'BF16', shape: [2, 1] });
    expect([...into]).toEqual([0x80, 0x3f, 0, 0x40]);
    expect(await refusalCode(() => fromFloat32(Float32Array.of(1), 'F32', { shape: [2] }))).toBe(
      'invalid-tensor',
    );
    expect(await refusalCode(() => fromFloat32(Float32Array.of(1), 'BF16', { into }))).toBe('invalid-range');
  });

  it('is never further off than half a step, for any float32', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, min: -60000, max: 60000 }), (value) => {
        for (const [dtype, relative, absolute] of [
          ['F16', 2 ** -11, 2 ** -25],
          ['BF16', 2 ** -8, 2 ** -134],
        ] as const) {
          const [back] = toFloat32(fromFloat32(Float32Array.of(value), dtype));
          expect(Math.abs(back! - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * relative, absolute));
        }
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});

const sized = (length: number, dtype: Dtype) => new Uint8Array((length * dtypeBits[dtype]) / 8);

function allCodes(dtype: Dtype): Uint8Array {
  if (dtype === 'F4') return Uint8Array.from({ length: 8 }, (_, i) => (2 * i) | ((2 * i + 1) << 4));
  if (dtypeBits[dtype] === 8) return Uint8Array.from({ length: 256 }, (_, i) => i);
  return new Uint8Array(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer);
}
