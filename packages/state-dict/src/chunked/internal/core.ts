import { coreBase64 } from './core.generated.js';

/** The WebAssembly core (source: `assembly/`). Pointers are byte offsets into its memory. */
export interface CoreExports {
  decodeBf16(n: number, x: number, out: number): number;
  decodeF16(n: number, x: number, out: number): number;
  anySpecial(n: number, x: number): number;
  encodeBf16(n: number, x: number, out: number): number;
  encodeF16(n: number, x: number, out: number): number;
  addProductF32: AddProduct;
  addProductF16: AddProduct;
  addProductBf16: AddProduct;
  combine(n: number, count: number, inputs: number, factors: number, out: number): void;
}

type AddProduct = (
  rows: number,
  columns: number,
  rank: number,
  left: number,
  right: number,
  x: number,
  out: number,
) => number;

/** A core with memory of a fixed size, so that views of it stay valid. */
export interface Core extends CoreExports {
  readonly buffer: ArrayBuffer;
  /** A place for lists of arguments: {@link MAX_ARGUMENTS} pointers, then as many float64. */
  readonly arguments: number;
  /** The next `byteLength` bytes nobody has, at a multiple of 64; `undefined` when there are none left. */
  allocate(byteLength: number): number | undefined;
}

const PAGE = 2 ** 16;
/** Loops read and write up to 12 bytes past an end. */
const MARGIN = 64;
/** What a WebAssembly memory may have at most. */
const MAX_PAGES = 2 ** 16 - 1;

/** Inputs that a kernel takes at a time. */
export const MAX_ARGUMENTS = 256;
const ARGUMENT_BYTES = MAX_ARGUMENTS * (4 + 8);

let compiled: WebAssembly.Module | undefined;

/** Memory with kernels for it; `undefined` when there is not so much. */
export function createCore(byteLength: number): Core | undefined {
  const pages = Math.ceil((byteLength + 2 * MARGIN + ARGUMENT_BYTES) / PAGE);
  if (pages > MAX_PAGES) return undefined;
  let memory: WebAssembly.Memory;
  try {
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch {
    // No room for so much at once; the work goes on without the core, with the same bits.
    return undefined;
  }
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(coreBase64), (c) => c.charCodeAt(0)));
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  let next = MARGIN + ARGUMENT_BYTES;
  const core: Core = {
    ...(exports as unknown as CoreExports),
    buffer: memory.buffer,
    arguments: MARGIN,
    allocate(size) {
      const at = next;
      const end = at + Math.ceil((size + MARGIN) / 64) * 64;
      if (end > memory.buffer.byteLength) return undefined;
      next = end;
      return at;
    },
  };
  cores.set(memory.buffer, core);
  return core;
}

/** Bytes to ask for so that these pieces fit. */
export const roomFor = (pieces: readonly number[]): number =>
  pieces.reduce((sum, size) => sum + Math.ceil((size + MARGIN) / 64) * 64, MARGIN);

const cores = new WeakMap<ArrayBufferLike, Core>();

/** The core whose memory all of these arrays are in, if there is one. */
export function coreOf(arrays: readonly ArrayBufferView[]): Core | undefined {
  const core = cores.get(arrays[0]!.buffer);
  return core && arrays.every(({ buffer }) => buffer === core.buffer) ? core : undefined;
}
