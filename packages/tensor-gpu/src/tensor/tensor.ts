/// <reference lib="esnext.disposable" preserve="true" />
import { DisposedError, DTypeError, ShapeError, TraceError } from '../errors.js';
import type { Trace } from '../trace/trace.js';
import { bytesPerElement, checkDType, type DType, hostArray, type HostArray } from './dtype.js';
import { contiguous, isContiguous, type Layout } from './layout.js';
import { forgetInScope, trackInScope } from './scope.js';
import { checkShape, type Shape, showShape, sizeOf } from './shape.js';
import { Storage } from './storage.js';

/** What `tensor()` takes: a number, nested arrays of numbers or booleans, or a typed array with a shape. */
export type TensorData =
  | number
  | boolean
  | Float32Array
  | Float64Array
  | Int32Array
  | Int8Array
  | Uint8Array
  | Uint16Array
  | readonly TensorData[];

/**
 * What `data()` gives, by dtype: float32 → Float32Array, int32 → Int32Array, bool → Uint8Array of 0 and 1,
 * int8 → Int8Array, bfloat16 and float16 → Uint16Array of raw codes.
 */
export type TensorValues = Float32Array | Int32Array | Uint8Array | Int8Array | Uint16Array;

/** Anything an operation takes as a tensor. */
export type TensorLike = Tensor | number;

/**
 * An immutable array of numbers with a shape and a dtype. Operations are free functions (`add(a, b)`); they return at once.
 * `await t.data()` reads the values back on every backend and is where device errors appear.
 */
export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** @internal The transform this value belongs to; `null` for concrete values. */
  readonly trace: Trace | null;
  /** @internal What the transform knows of this value. */
  readonly payload: unknown;
  /** @internal */
  readonly storage: Storage | null;
  /** @internal */
  readonly layout: Layout;
  #disposed = false;

  /** @internal Use {@link tensor}. */
  constructor(
    shape: Shape,
    dtype: DType,
    home: { storage: Storage; layout?: Layout } | { trace: Trace; payload: unknown },
  ) {
    this.shape = shape;
    this.dtype = dtype;
    if ('storage' in home) {
      this.trace = null;
      this.payload = null;
      this.storage = home.storage;
      this.layout = home.layout ?? contiguous(shape);
      home.storage.retain();
      trackInScope(this);
    } else {
      this.trace = home.trace;
      this.payload = home.payload;
      this.storage = null;
      this.layout = contiguous(shape);
    }
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Bytes the elements take in a backend. */
  get byteLength(): number {
    return this.size * bytesPerElement(this.dtype);
  }

  /**
   * The values in row-major order, as a fresh array.
   *
   * @throws {TraceError} inside `jit` and `vmap`, where there are no values yet
   * @throws {DisposedError} after `dispose()` or donation
   */
  async data(): Promise<TensorValues> {
    const concrete = this.#concrete('data');
    const storage = concrete.use('Tensor.data');
    if (storage.host) return arrange(concrete, storage.host, false);
    const values = await storage.executor!.read(storage.buffer, storage.dtype, storage.length);
    return arrange(concrete, values, true);
  }

  /**
   * As {@link data}, at once. On `webgpu` it goes through the pixels of a canvas and stalls: prefer `data()`.
   *
   * @throws {BackendError} on `webgpu` in Node, in browsers that change what canvases show, and behind a step that the wasm core
   *   still has to compute
   */
  dataSync(): TensorValues {
    const concrete = this.#concrete('dataSync');
    const storage = concrete.use('Tensor.dataSync');
    if (storage.host) return arrange(concrete, storage.host, false);
    const values = storage.executor!.readSync(storage.buffer, storage.dtype, storage.length);
    return arrange(concrete, values, true);
  }

  /** The one value of a tensor of size 1. */
  item(): number {
    if (this.size !== 1) {
      throw new ShapeError({
        where: 'Tensor.item',
        expected: 'a tensor of one element',
        received: `shape ${showShape(this.shape)}`,
        cure: 'use dataSync() or data()',
      });
    }
    return this.dataSync()[0];
  }

  /** Gives the memory back now. Using the tensor afterwards throws; disposing twice does nothing. */
  dispose(): void {
    if (this.#disposed || !this.storage) return;
    this.#disposed = true;
    forgetInScope(this);
    this.storage.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Tensor(${this.dtype}${showShape(this.shape)})`;
  }

  /** @internal The storage of a concrete tensor, after making sure it is there. */
  use(where: string): Storage {
    const storage = this.storage!;
    storage.check(where);
    if (this.#disposed) {
      throw new DisposedError({ where, expected: 'a live tensor', received: 'one that was disposed' });
    }
    return storage;
  }

  #concrete(where: string): Tensor {
    if (!this.trace) return this;
    const host = this.trace.concrete?.(this);
    if (host) return host.#concrete(where);
    throw new TraceError({
      where: `Tensor.${where}`,
      expected: 'a concrete tensor',
      received: `a traced one inside ${this.trace.name}, which has no values yet`,
      cure: 'return it from the function and read it outside',
    });
  }
}

/** Values in row-major order of the tensor's view; bool becomes bytes. A copy, unless `isOwn` says that nobody else has `source`. */
function arrange(t: Tensor, source: HostArray, isOwn: boolean): TensorValues {
  const n = t.size;
  let flat: HostArray;
  if (isOwn && n === source.length && isContiguous(t.layout)) {
    flat = source;
  } else if (isContiguous(t.layout)) {
    flat = source.slice(t.layout.offset, t.layout.offset + n);
  } else {
    flat = hostArray(t.dtype, n);
    copyStrided(source, t.layout, flat);
  }
  return t.dtype === 'bool' ? Uint8Array.from(flat) : flat;
}

/** Writes the elements of a view of `source` into `target` in row-major order. */
export function copyStrided(source: HostArray, layout: Layout, target: HostArray): void {
  const { shape, strides } = layout;
  let next = 0;
  const walk = (axis: number, at: number): void => {
    if (axis === shape.length) {
      target[next++] = source[at];
      return;
    }
    for (let i = 0; i < shape[axis]; i++) walk(axis + 1, at + i * strides[axis]);
  };
  walk(0, layout.offset);
}

/** A concrete tensor over a host array in the engine's representation; the array is not copied. */
export function fromHost(host: HostArray, shape: Shape, dtype: DType): Tensor {
  return new Tensor(shape, dtype, { storage: new Storage(dtype, host.length, { host }) });
}

/**
 * Makes a tensor from numbers. Nested arrays give their own shape; a typed array is copied and takes `shape` (default: one
 * axis).
 *
 * @param data - a number, a boolean, nested arrays of them, or a typed array
 * @param shape - row-major shape; its product must be the number of elements
 * @param dtype - default: float32 for numbers and float arrays, int32 for Int32Array, bool for booleans, int8 for Int8Array;
 *   Uint16Array holds raw codes and needs `bfloat16` or `float16`
 * @returns a concrete tensor; no backend is touched until its first use
 * @throws {ShapeError} when the number of elements does not fit, or nested arrays are ragged
 * @throws {DTypeError} when a value is not a number, or does not fit the dtype
 */
export function tensor(data: TensorData, shape?: Shape, dtype?: DType): Tensor {
  if (dtype !== undefined) checkDType('tensor', dtype);
  if (shape) checkShape('tensor', shape);
  const found = read(data);
  const type = dtype ?? found.dtype;
  if (found.raw !== (type === 'bfloat16' || type === 'float16')) {
    throw new DTypeError({
      where: 'tensor',
      expected: found.raw ? 'dtype bfloat16 or float16 for raw 16-bit codes' : `values for ${type}`,
      received: found.raw ? type : 'numbers',
      cure: found.raw ? undefined : 'make it float32 and use cast()',
    });
  }
  const finalShape = shape ?? found.shape;
  if (sizeOf(finalShape) !== found.values.length) {
    throw new ShapeError({
      where: 'tensor',
      expected: `${sizeOf(finalShape)} elements for shape ${showShape(finalShape)}`,
      received: `${found.values.length}`,
    });
  }
  const host = hostArray(type, found.values.length);
  host.set(found.values as ArrayLike<number>);
  if (type !== 'float32' && !found.raw) checkExact(found.values, host, type);
  return fromHost(host, [...finalShape], type);
}

function checkExact(values: ArrayLike<number>, host: HostArray, dtype: DType): void {
  for (let i = 0; i < host.length; i++) {
    if (host[i] !== values[i] || (dtype === 'bool' && host[i] >>> 0 > 1)) {
      throw new DTypeError({
        where: 'tensor',
        expected: dtype === 'bool' ? 'booleans, or 0 and 1' : `whole numbers within ${dtype}`,
        received: `${values[i]} at position ${i}`,
      });
    }
  }
}

function read(data: TensorData): { values: ArrayLike<number>; shape: Shape; dtype: DType; raw: boolean } {
  if (ArrayBuffer.isView(data)) {
    const values = data as Exclude<TensorData, number | boolean | readonly TensorData[]>;
    const dtype: DType =
      values instanceof Int32Array
        ? 'int32'
        : values instanceof Int8Array
          ? 'int8'
          : values instanceof Uint8Array
            ? 'int32'
            : 'float32';
    return { values, shape: [values.length], dtype, raw: values instanceof Uint16Array };
  }
  const flat: number[] = [];
  let booleans = 0;
  const shape: number[] = [];
  const visit = (node: TensorData, depth: number): void => {
    if (Array.isArray(node)) {
      if (shape.length <= depth && flat.length === 0) shape.push(node.length);
      if (shape[depth] !== node.length) {
        throw new ShapeError({
          where: 'tensor',
          expected: `nested arrays of equal length (${shape[depth] ?? 'numbers'} at depth ${depth})`,
          received: `an array of ${node.length}`,
        });
      }
      for (const child of node as readonly TensorData[]) visit(child, depth + 1);
    } else if ((typeof node === 'number' || typeof node === 'boolean') && depth === shape.length) {
      if (typeof node === 'boolean') booleans++;
      flat.push(Number(node));
    } else {
      throw new DTypeError({
        where: 'tensor',
        expected: 'numbers, booleans, nested arrays of equal depth, or one typed array',
        received: typeof node === 'number' ? `a number at depth ${depth}` : String(node),
      });
    }
  };
  visit(data, 0);
  if (booleans > 0 && booleans < flat.length) {
    throw new DTypeError({ where: 'tensor', expected: 'all booleans or all numbers', received: 'a mix' });
  }
  return { values: flat, shape, dtype: booleans > 0 ? 'bool' : 'float32', raw: false };
}
