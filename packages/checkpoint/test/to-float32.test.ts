import { describe, expect, it } from 'vitest';
import { type Dtype, dtypeBits, fromIntegers, type RawTensor, toFloat32 } from '../src/index.js';
import { decoded } from './golden/float-codes.js';
import { refusal, refusalCode } from './helpers.js';

const raw = (dtype: Dtype, array: ArrayBufferView, shape?: number[]): RawTensor => {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return { dtype, shape: shape ?? [(bytes.length * 8) / dtypeBits[dtype]], bytes };
};

/** Every code of a dtype, little-endian. */
function everyCode(dtype: Dtype): RawTensor {
  if (dtype === 'F4')
    return raw(
      dtype,
      Uint8Array.from({ length: 8 }, (_, i) => (2 * i) | ((2 * i + 1) << 4)),
    );
  const codes = Array.from({ length: 2 ** dtypeBits[dtype] }, (_, i) => i);
  return raw(dtype, dtypeBits[dtype] === 16 ? Uint16Array.from(codes) : Uint8Array.from(codes));
}

describe('toFloat32', () => {
  it('knows one, minus two and a half in every width', () => {
    expect([...toFloat32(raw('F16', Uint16Array.of(0x3c00, 0xc000, 0x3800)))]).toEqual([1, -2, 0.5]);
    expect([...toFloat32(raw('BF16', Uint16Array.of(0x3f80, 0xc000, 0x3f00)))]).toEqual([1, -2, 0.5]);
    expect([...toFloat32(raw('F32', Float32Array.of(1, -2, 0.5)))]).toEqual([1, -2, 0.5]);
    expect([...toFloat32(raw('F64', Float64Array.of(1, -2, 0.5)))]).toEqual([1, -2, 0.5]);
    expect([...toFloat32(raw('F8_E4M3', Uint8Array.of(0x38, 0xc0, 0x30)))]).toEqual([1, -2, 0.5]);
  });

  it.each(decoded)(
    'gives the value NumPy and ml_dtypes give for every code of $dtype',
    ({ dtype, values }) => {
      const ours = toFloat32(everyCode(dtype));
      expect(ours.length).toBe(values.length);
      const wrong = [...ours].flatMap((value, code) => (Object.is(value, values[code]) ? [] : [code]));
      expect(wrong).toEqual([]);
    },
  );

  it('keeps the payload of every float32 NaN', () => {
    const patterns = Uint32Array.of(0x7fc00001, 0xffffffff, 0x7f800001);
    expect([...new Uint32Array(toFloat32(raw('F32', patterns)).buffer)]).toEqual([...patterns]);
  });

  it('converts integers and booleans that float32 holds', () => {
    expect([...toFloat32(fromIntegers([-128, 127], 'I8'))]).toEqual([-128, 127]);
    expect([...toFloat32(fromIntegers([0, 65535], 'U16'))]).toEqual([0, 65535]);
    expect([...toFloat32(fromIntegers([-3n, 2n ** 40n], 'I64'))]).toEqual([-3, 2 ** 40]);
    expect([...toFloat32(fromIntegers([1, 0], 'BOOL'))]).toEqual([1, 0]);
  });

  it('refuses to round silently, names the value, and rounds when asked', async () => {
    const tenth = raw('F64', Float64Array.of(0.5, 0.1));
    expect((await refusal(() => toFloat32(tenth))).message).toBe(
      'toFloat32: expected F64 values that float32 holds exactly, received 0.1 at element 1; pass { allowLoss: true } to round',
    );
    expect([...toFloat32(tenth, { allowLoss: true })]).toEqual([0.5, Math.fround(0.1)]);
    for (const dtype of ['I32', 'U32', 'I64', 'U64'] as const) {
      expect(await refusalCode(() => toFloat32(fromIntegers([16777217], dtype)))).toBe('lossy-conversion');
    }
    expect(await refusalCode(() => toFloat32(raw('F64', Float64Array.of(1e300))))).toBe('lossy-conversion');
    expect([...toFloat32(raw('F64', Float64Array.of(NaN, Infinity, -0)))]).toEqual([NaN, Infinity, -0]);
  });

  it('writes into a given array and returns it', () => {
    const into = new Float32Array(4).subarray(1, 3);
    expect(toFloat32(raw('F16', Uint16Array.of(0x3c00, 0xc000)), { into })).toBe(into);
    expect([...into]).toEqual([1, -2]);
  });

  it('never gives a view of the bytes it was given', () => {
    const source = Float32Array.of(1);
    toFloat32(raw('F32', source))[0] = 5;
    expect(source[0]).toBe(1);
  });

  it('refuses tensors whose parts do not fit together', async () => {
    const short = { ...raw('F32', Float32Array.of(1)), shape: [2] };
    expect(await refusalCode(() => toFloat32(short))).toBe('invalid-tensor');
    expect(await refusalCode(() => toFloat32(raw('BOOL', Uint8Array.of(2))))).toBe('invalid-tensor');
    expect(await refusalCode(() => toFloat32({ ...short, dtype: 'F128' as Dtype }))).toBe('invalid-tensor');
    expect(await refusalCode(() => toFloat32(raw('C64', new Float32Array(2))))).toBe(
      'unsupported-conversion',
    );
    expect(await refusalCode(() => toFloat32(raw('F6_E2M3', new Uint8Array(3))))).toBe(
      'unsupported-conversion',
    );
    const into = new Float32Array(3);
    expect(await refusalCode(() => toFloat32(raw('F32', Float32Array.of(1)), { into }))).toBe(
      'invalid-range',
    );
  });
});
