import type { TensorSource } from '@weightloom/state-dict';
import {
  add,
  backendReport,
  cast,
  type DType,
  jit,
  matmul,
  mul,
  reshape,
  type Slab,
  slab,
  slice,
  tensor,
  type Tensor,
} from '@weightloom/tensor-gpu';
import { AdapterError } from '../adapter-error.js';
import { type Matrix, rowsOf } from './multiply.js';

/** Elements worked on at once: fits the processor's cache, and large enough to hide the cost of a call. */
const TILE = 2 ** 20;

/** Dtypes the tensor core loads and stores by itself, and the arrays of their codes. */
const STORED = {
  F32: ['float32', Float32Array, 0x7f800000],
  F16: ['float16', Uint16Array, 0x7c00],
  BF16: ['bfloat16', Uint16Array, 0x7f80],
} as const;

export const isFused = (dtype: string): dtype is keyof typeof STORED => Object.hasOwn(STORED, dtype);

type AddProduct = (w: Tensor, left: Tensor, right: Tensor, factor: number, offset: { at: number }) => Tensor;

/** Compiled once for a merge: `W + factor · left · right` from elements that begin `at` elements into the first row. */
export function compileMerge(): (dtype: DType) => AddProduct {
  const compiled = new Map<string, AddProduct>();
  return (dtype) => {
    const known = compiled.get(dtype);
    if (known) return known;
    const program = jit(
      (w: Tensor, left: Tensor, right: Tensor, factor: number, { at }: { at: number }) => {
        const product = reshape(matmul(left, mul(right, factor)), [-1]);
        return cast(add(cast(w, 'float32'), slice(product, [at], [at + w.size])), dtype);
      },
      { static: [4], donate: [0], name: 'mergeProduct' },
    );
    compiled.set(dtype, program as AddProduct);
    return program as AddProduct;
  };
}

/**
 * A weight of the base with `factor · left · right` added, made as it is read.
 *
 * Computes in the tensor core, from the stored dtype to the stored dtype: about three times as fast as going through float32 arrays.
 * NaN and infinities are refused.
 */
export function mergedSource(
  base: TensorSource,
  { left, right, factor }: { readonly left: Matrix; readonly right: Matrix; readonly factor: number },
  program: ReturnType<typeof compileMerge>,
): TensorSource {
  const [dtype, Codes, exponent] = STORED[base.dtype as keyof typeof STORED];
  const { columns } = right;
  const perTile = Math.max(1, Math.floor(TILE / columns)) * columns;
  const addProduct = program(dtype);
  return {
    ...base,
    async read(begin, end, scratch, signal) {
      const stored = await base.read(begin, end, scratch, signal);
      // A source that holds its bytes gives a view of them, which must stay as it is.
      if (stored !== scratch) scratch.set(stored);
      const bytes = scratch;
      const codes = new Codes(bytes.buffer as ArrayBuffer, bytes.byteOffset, end - begin);
      using shared = tensor(right.values, [right.rows, columns]);
      // Work in place, where the backend can: copies of every tile would keep the garbage collector busy.
      const room =
        backendReport().name === 'wasm' ? roomFor(dtype, Math.min(perTile, codes.length), right) : undefined;
      try {
        for (let from = begin; from < end;) {
          const to = Math.min(end, from - (from % perTile) + perTile);
          const rows = rowsOf(left, Math.floor(from / columns), Math.ceil(to / columns));
          const part = codes.subarray(from - begin, to - begin);
          room?.values.set(part);
          const w = room?.tensor([part.length]) ?? tensor(part as Float32Array, [part.length], dtype);
          using a = tensor(rows.values, [rows.rows, rows.columns]);
          using sum = addProduct(w, a, shared, factor, { at: from % columns });
          if (!room) part.set((await sum.data()) as Uint16Array);
          else
            part.set(
              (room.holds(sum) ? room.values.subarray(0, part.length) : sum.dataSync()) as Uint16Array,
            );
          from = to;
        }
      } finally {
        room?.release();
      }
      checkFinite(codes, exponent, (index) => `${base.label}, merged: element ${begin + index}`);
      return bytes;
    },
  };
}

/** A tile in the memory of the wasm core, and room beside it for the product and what else a tile takes. */
const roomFor = (dtype: DType, length: number, right: Matrix): Slab =>
  slab(dtype, length, { reserve: 16 * (length + 2 * right.columns + right.values.length) });

/**
 * A code whose exponent is all ones is NaN or an infinity: one more in the exponent then carries into the sign. Short codes are looked at
 * two by two. All are looked at before one is searched, as a loop that may stop is several times as slow.
 */
function checkFinite(
  codes: Float32Array | Uint16Array,
  exponent: number,
  where: (index: number) => string,
): void {
  const wide = codes instanceof Float32Array;
  const words = new Int32Array(codes.buffer, codes.byteOffset, wide ? codes.length : codes.length >> 1);
  const pair = (value: number): number => (wide ? value : value | (value << 16));
  const [mask, one, sign] = [pair(exponent), pair(exponent & -exponent), wide ? 1 << 31 : pair(0x8000)];
  let carries = 0;
  for (let i = 0; i < words.length; i++) carries |= (words[i]! & mask) + one;
  const last = wide ? 0 : codes.at(-1)!;
  if ((carries & sign) === 0 && (wide || (last & exponent) !== exponent)) return;
  const numbers = wide ? new Uint32Array(codes.buffer, codes.byteOffset, codes.length) : codes;
  const found = numbers.findIndex((code) => (code & exponent) === exponent);
  throw new AdapterError({ where: where(found), expected: 'finite values', received: 'NaN or Infinity' });
}
