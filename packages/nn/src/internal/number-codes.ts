/** How numbers lie in a file: bytes each, and how to read one. */
export interface NumberCode {
  readonly size: number;
  /** Whole numbers become int32 tensors, others float32. */
  readonly whole: boolean;
  read(view: DataView, at: number, little: boolean): number;
}

const code = (size: number, whole: boolean, read: NumberCode['read']): NumberCode => ({ size, whole, read });

/** Numbers by kind and size, as NumPy names them: u1, i2, f4, … `b1` holds booleans. */
export const numberCodes: Readonly<Record<string, NumberCode>> = {
  b1: code(1, true, (v, at) => (v.getUint8(at) === 0 ? 0 : 1)),
  u1: code(1, true, (v, at) => v.getUint8(at)),
  i1: code(1, true, (v, at) => v.getInt8(at)),
  u2: code(2, true, (v, at, little) => v.getUint16(at, little)),
  i2: code(2, true, (v, at, little) => v.getInt16(at, little)),
  u4: code(4, true, (v, at, little) => v.getUint32(at, little)),
  i4: code(4, true, (v, at, little) => v.getInt32(at, little)),
  u8: code(8, true, (v, at, little) => Number(v.getBigUint64(at, little))),
  i8: code(8, true, (v, at, little) => Number(v.getBigInt64(at, little))),
  f2: code(2, false, (v, at, little) => half(v.getUint16(at, little))),
  f4: code(4, false, (v, at, little) => v.getFloat32(at, little)),
  f8: code(8, false, (v, at, little) => v.getFloat64(at, little)),
};

/** IEEE binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
