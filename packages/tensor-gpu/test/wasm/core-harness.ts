import { instantiateCore } from '../../src/wasm/core.js';
import type { CoreExports } from '../../src/wasm/core.js';

const BASE = 65536;
const GUARD = 0xa5;

type Words = Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array | Int8Array;
type WordsConstructor<T extends Words> = new (buffer: ArrayBufferLike, at: number, length: number) => T;

/**
 * A core with a bump allocator. Every block starts 4 bytes off the 16-byte grid and is followed by 32 guard bytes;
 * `checkGuards` tells whether anything wrote outside of the blocks.
 */
export class Bench {
  readonly core: CoreExports;
  readonly memory: WebAssembly.Memory;
  private top = BASE;
  private blocks: [start: number, end: number][] = [];

  constructor(megabytes = 8, shared = false) {
    const pages = megabytes * 16;
    this.memory = new WebAssembly.Memory(
      shared ? { initial: pages, maximum: pages, shared } : { initial: pages },
    );
    this.core = instantiateCore(this.memory);
    this.reset();
  }

  /** Forgets every block and fills the memory with guard bytes. */
  reset(): void {
    new Uint8Array(this.memory.buffer).fill(GUARD, BASE);
    this.top = BASE;
    this.blocks = [];
  }

  /** An uninitialised block (NaN-free guard pattern), `misalign` bytes off the 16-byte grid. */
  alloc(bytes: number, misalign = 4): number {
    const start = this.top + misalign;
    this.blocks.push([start, start + bytes]);
    this.top = (start + bytes + 15 + 32) & ~15;
    if (this.top > this.memory.buffer.byteLength) throw new RangeError('the test memory is too small');
    return start;
  }

  put(data: Words, misalign = 4): number {
    const at = this.alloc(data.byteLength, misalign);
    new Uint8Array(this.memory.buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    return at;
  }

  f32(at: number, n: number): Float32Array {
    return this.read(Float32Array, at, n);
  }

  i32(at: number, n: number): Int32Array {
    return this.read(Int32Array, at, n);
  }

  /** A copy of `n` elements at byte `at`, which need not be aligned. */
  read<T extends Words>(kind: WordsConstructor<T> & { BYTES_PER_ELEMENT: number }, at: number, n: number): T {
    const bytes = new Uint8Array(this.memory.buffer).slice(at, at + n * kind.BYTES_PER_ELEMENT);
    return new kind(bytes.buffer, 0, n);
  }

  /** Byte offsets outside of every block that no longer hold the guard pattern. */
  damaged(): number[] {
    const bytes = new Uint8Array(this.memory.buffer);
    const found: number[] = [];
    let at = BASE;
    for (const [start, end] of [...this.blocks, [this.top, this.top] as const]) {
      for (; at < start; at++) if (bytes[at] !== GUARD) found.push(at);
      at = end;
    }
    return found;
  }
}

/** Deterministic float32 values in [-1, 1), a 32-bit linear congruence. */
export function noise(n: number, seed = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** Deterministic integers in `0..below`. */
export function integers(n: number, below: number, seed = 1): Int32Array {
  return Int32Array.from(noise(n, seed), (v) => Math.min(below - 1, Math.floor(((v + 1) / 2) * below)));
}
