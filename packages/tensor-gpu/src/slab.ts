/// <reference lib="esnext.disposable" preserve="true" />
import { currentExecutor } from './backend.js';
import { BackendError, DisposedError, ShapeError } from './errors.js';
import { type DType, hostArray, type HostArray } from './tensor/dtype.js';
import { type Shape, showShape, sizeOf } from './tensor/shape.js';
import { Storage } from './tensor/storage.js';
import { Tensor } from './tensor/tensor.js';
import { WasmExecutor } from './wasm/executor.js';

/** A region of the wasm backend's memory that stays in place: bytes are read into it and written from it without copies. */
export interface Slab {
  readonly dtype: DType;
  readonly length: number;
  /** The elements themselves, not a copy: Float32Array for float32, Int32Array for int32 and bool, raw codes for 16-bit dtypes. */
  readonly values: HostArray;
  /** The bytes of `values`, for reading files into. */
  readonly bytes: Uint8Array;
  /**
   * The first elements as a tensor, without a copy. Writing into `values` afterwards changes what it holds. Donated to a
   * compiled function, the result may take its place, and then stands in `values`.
   *
   * @param shape - default: all elements on one axis
   */
  tensor(shape?: Shape): Tensor;
  /** Whether a tensor's elements stand here, from the first one on, as those of a result may that took a donated one's place. */
  holds(t: Tensor): boolean;
  /** Gives the region back. Its tensors and views must not be used afterwards. */
  release(): void;
  [Symbol.dispose](): void;
}

/**
 * Takes a region for streaming. While any slab is held, the memory does not grow (growth would detach the views), so
 * `reserve` room for the work in between first.
 *
 * @param length - elements
 * @param options.reserve - bytes that must be free beside it for tensors and temporaries; default: none
 * @throws {BackendError} on another backend than `wasm`
 * @throws {OutOfMemoryError} when there is no room
 */
export function slab(
  dtype: DType,
  length: number,
  { reserve = 0 }: { readonly reserve?: number } = {},
): Slab {
  const executor = currentExecutor();
  if (!(executor instanceof WasmExecutor)) {
    throw new BackendError({ where: 'slab', expected: 'the wasm backend', received: executor.name });
  }
  if (!Number.isSafeInteger(length) || length < 1) {
    throw new ShapeError({ where: 'slab', expected: 'a whole length ≥ 1', received: String(length) });
  }
  const { at, unpin } = executor.takeSlab(hostArray(dtype, 0).BYTES_PER_ELEMENT * length, reserve);
  const { buffer } = executor.arena.memory;
  const kind = hostArray(dtype, 0).constructor as new (
    b: ArrayBufferLike,
    at: number,
    n: number,
  ) => HostArray;
  const values = new kind(buffer, at, length);
  let held = true;
  const release = (): void => {
    if (!held) return;
    held = false;
    unpin();
    executor.returnSlab(at);
  };
  return {
    dtype,
    length,
    values,
    bytes: new Uint8Array(buffer, at, values.byteLength),
    tensor(shape = [length]) {
      if (!held) {
        throw new DisposedError({
          where: 'Slab.tensor',
          expected: 'a held slab',
          received: 'one that was released',
        });
      }
      if (sizeOf(shape) > length) {
        throw new ShapeError({
          where: 'Slab.tensor',
          expected: `at most ${length} elements`,
          received: showShape(shape),
        });
      }
      return new Tensor(shape, dtype, {
        storage: new Storage(dtype, sizeOf(shape), { executor, buffer: at }),
      });
    },
    holds: (t) => held && t.storage?.executor === executor && t.storage.buffer === at,
    release,
    [Symbol.dispose]: release,
  };
}
