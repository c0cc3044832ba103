import type { DType } from '../../tensor/dtype.js';
import { bytesPerElement } from '../../tensor/dtype.js';
import { type FunctionBuilder, op, simd } from './assembler.js';
import { decodeHalf, encodeHalf } from './expression.js';

/** How an operand moves along the vectorised axis: adjacent elements, one element for all, or any stride. */
export type Mode = 'vector' | 'splat' | 'strided';

export interface OperandSpec {
  readonly dtype: DType;
  readonly mode: Mode;
}

export const modeOf = (stride: number, length: number): Mode =>
  stride === 1 || length === 1 ? 'vector' : stride === 0 ? 'splat' : 'strided';

/** Raw elements → register form (float32, int32, or bool as a mask). */
function decode(f: FunctionBuilder, dtype: DType): void {
  if (dtype === 'bool') f.lanes(0).simd(simd.i32x4Ne);
  if (dtype === 'bfloat16' || dtype === 'float16') {
    f.simd(simd.i32x4ExtendLowI16x8U);
    decodeHalf(f, dtype);
  }
  if (dtype === 'int8') {
    f.simd(simd.i16x8ExtendLowI8x16S).simd(simd.i32x4ExtendLowI16x8S).simd(simd.f32x4ConvertI32x4S);
  }
}

const bySize = (dtype: DType, four: number, two: number, one: number): number =>
  bytesPerElement(dtype) === 4 ? four : bytesPerElement(dtype) === 2 ? two : one;

/** Four adjacent elements at `pointer + offset` elements. */
export function loadVector(f: FunctionBuilder, dtype: DType, pointer: number, offset = 0): void {
  f.get(pointer).memory(bySize(dtype, simd.load, simd.load64Zero, 0x5c), offset * bytesPerElement(dtype));
  decode(f, dtype);
}

/** One element in all lanes. */
export function loadSplat(f: FunctionBuilder, dtype: DType, pointer: number): void {
  f.get(pointer).memory(bySize(dtype, simd.load32Splat, simd.load16Splat, simd.load8Splat));
  decode(f, dtype);
}

/** Four elements `stride` bytes apart. */
export function loadStrided(f: FunctionBuilder, dtype: DType, pointer: number, stride: number): void {
  const at = f.local('i32');
  f.get(pointer).memory(bySize(dtype, simd.load32Splat, simd.load16Splat, simd.load8Splat));
  const gathered = f.local('v128');
  f.set(gathered).get(pointer).set(at);
  for (let lane = 1; lane < 4; lane++) {
    f.get(at).get(stride).emit(op.i32Add).tee(at).get(gathered);
    f.memory(bySize(dtype, simd.load32Lane, simd.load16Lane, simd.load8Lane), 0, lane).set(gathered);
  }
  f.get(gathered);
  f.release(gathered);
  decode(f, dtype);
}

/** Leaves the raw elements of register `value` packed in the low lanes of a local. */
function encode(f: FunctionBuilder, dtype: DType, value: number): number {
  const raw = f.local('v128');
  if (dtype === 'bool') f.get(value).lanes(1).simd(simd.and);
  else if (dtype === 'bfloat16' || dtype === 'float16') {
    encodeHalf(f, dtype, value);
    const codes = f.local('v128');
    f.tee(codes).get(codes).simd(simd.i16x8NarrowI32x4U);
    f.release(codes);
  } else if (dtype === 'int8') {
    const words = f.local('v128');
    f.get(value).simd(simd.i32x4TruncSatF32x4S).tee(words).get(words).simd(simd.i16x8NarrowI32x4S);
    f.tee(words).get(words).simd(simd.i8x16NarrowI16x8S);
    f.release(words);
  } else f.get(value);
  f.set(raw);
  return raw;
}

export function storeVector(
  f: FunctionBuilder,
  dtype: DType,
  pointer: number,
  value: number,
  offset = 0,
): void {
  const raw = encode(f, dtype, value);
  const bytes = offset * bytesPerElement(dtype);
  f.get(pointer).get(raw);
  if (bytesPerElement(dtype) === 4) f.memory(simd.store, bytes);
  else f.memory(bytesPerElement(dtype) === 2 ? simd.store64Lane : simd.store32Lane, bytes, 0);
  f.release(raw);
}

/** Stores lane 0. */
export function storeLane(f: FunctionBuilder, dtype: DType, pointer: number, value: number): void {
  const raw = encode(f, dtype, value);
  f.get(pointer)
    .get(raw)
    .memory(bySize(dtype, simd.store32Lane, simd.store16Lane, simd.store8Lane), 0, 0);
  f.release(raw);
}

export function storeStrided(
  f: FunctionBuilder,
  dtype: DType,
  pointer: number,
  stride: number,
  value: number,
): void {
  const raw = encode(f, dtype, value);
  const at = f.local('i32');
  f.get(pointer).set(at);
  for (let lane = 0; lane < 4; lane++) {
    f.get(at)
      .get(raw)
      .memory(bySize(dtype, simd.store32Lane, simd.store16Lane, simd.store8Lane), 0, lane);
    if (lane < 3) f.get(at).get(stride).emit(op.i32Add).set(at);
  }
  f.release(raw);
}
