import { OutOfMemoryError } from '../errors.js';
import { ALIGNMENT } from '../lower/plan-memory.js';

/** Everything below belongs to the core. */
const BASE = 65536;
const PAGE = 65536;
/** The 32-bit address space, less one page so that no end address overflows. */
const MAX_PAGES = 65535;

/** 64 MiB of address space: untouched pages cost nothing, and each growth detaches views, which slows V8's typed arrays. */
export const INITIAL_PAGES = 1024;

interface Block {
  readonly at: number;
  size: number;
  free: boolean;
  previous: Block | null;
  next: Block | null;
}

const classOf = (size: number): number => 31 - Math.clz32(size >>> 0);

/**
 * One WebAssembly memory for all tensors. Blocks are kept by size class and joined with free neighbours, so a loop that
 * allocates and frees the same sizes never grows the memory.
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly #blocks = new Map<number, Block>();
  readonly #bins: Set<Block>[] = Array.from({ length: 32 }, () => new Set());
  #tail: Block | null = null;
  #end = BASE;
  #pins = 0;
  #used = 0;
  #peak = 0;
  #count = 0;
  #words: Int32Array;

  constructor(memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAX_PAGES })) {
    this.memory = memory;
    this.#words = new Int32Array(memory.buffer);
  }

  get used(): number {
    return this.#used;
  }
  get peak(): number {
    return this.#peak;
  }
  get count(): number {
    return this.#count;
  }
  get reserved(): number {
    return this.memory.buffer.byteLength;
  }

  /** The memory as int32 words; fetch it anew after any allocation, growth detaches old views. */
  words(): Int32Array {
    if (this.#words.buffer !== this.memory.buffer) this.#words = new Int32Array(this.memory.buffer);
    return this.#words;
  }

  /** Address of at least `bytes` bytes on a 64-byte line, with 16 readable bytes behind them. */
  allocate(bytes: number, where = 'wasm'): number {
    const size = Math.ceil((bytes + 16) / ALIGNMENT) * ALIGNMENT;
    const block = this.#take(size) ?? this.#extend(size, bytes, where);
    block.free = false;
    this.#split(block, size);
    this.#used += block.size;
    this.#count++;
    if (this.#used > this.#peak) this.#peak = this.#used;
    return block.at;
  }

  release(at: number): void {
    let block = this.#blocks.get(at);
    if (!block || block.free) throw new Error(`the arena holds no block at ${at}`);
    this.#used -= block.size;
    this.#count--;
    block.free = true;
    if (block.next?.free) {
      this.#unbin(block.next);
      this.#absorb(block, block.next);
    }
    if (block.previous?.free) {
      this.#unbin(block.previous);
      this.#absorb(block.previous, block);
      block = block.previous;
    }
    this.#bins[classOf(block.size)].add(block);
  }

  /** Forbids growth (which would detach views) until the returned function is called. */
  pin(): () => void {
    this.#pins++;
    let held = true;
    return () => {
      if (held) this.#pins--;
      held = false;
    };
  }

  #take(size: number): Block | null {
    for (let bin = classOf(size); bin < 32; bin++) {
      for (const block of this.#bins[bin]) {
        if (block.size >= size) {
          this.#bins[bin].delete(block);
          return block;
        }
      }
    }
    return null;
  }

  #extend(size: number, asked: number, where: string): Block {
    const tail = this.#tail?.free ? this.#tail : null;
    const need = this.#end + size - (tail?.size ?? 0);
    if (need > this.reserved) this.#grow(need, asked, where);
    if (tail) {
      this.#unbin(tail);
      this.#end += size - tail.size;
      tail.size = size;
      return tail;
    }
    const block: Block = { at: this.#end, size, free: true, previous: this.#tail, next: null };
    if (this.#tail) this.#tail.next = block;
    this.#tail = block;
    this.#blocks.set(block.at, block);
    this.#end += size;
    return block;
  }

  #grow(need: number, asked: number, where: string): void {
    const have = this.reserved / PAGE;
    const least = Math.ceil(need / PAGE) - have;
    const fail = (why: string): never => {
      throw new OutOfMemoryError({
        where,
        expected: `room for ${asked} bytes`,
        received: `${MAX_PAGES * PAGE - this.#used} bytes free of ${MAX_PAGES * PAGE} (${this.#used} in use${why})`,
        cure: 'dispose tensors, wrap loops in tidy(), or split the work into smaller pieces',
      });
    };
    if (this.#pins > 0) fail('; the memory is pinned by a slab');
    if (have + least > MAX_PAGES) fail('');
    // A quarter more than needed keeps the number of growths small; the rest is never touched, so it costs no memory.
    for (const pages of [Math.max(least, Math.min(have >> 2, MAX_PAGES - have)), least]) {
      try {
        this.memory.grow(pages);
        return;
      } catch {
        if (pages === least) fail('; the system gave no more');
      }
    }
  }

  #split(block: Block, size: number): void {
    const rest = block.size - size;
    if (rest < ALIGNMENT) return;
    const other: Block = { at: block.at + size, size: rest, free: true, previous: block, next: block.next };
    if (block.next) block.next.previous = other;
    else this.#tail = other;
    block.next = other;
    block.size = size;
    this.#blocks.set(other.at, other);
    this.#bins[classOf(rest)].add(other);
  }

  #absorb(left: Block, right: Block): void {
    left.size += right.size;
    left.next = right.next;
    if (right.next) right.next.previous = left;
    else this.#tail = left;
    this.#blocks.delete(right.at);
  }

  #unbin(block: Block): void {
    this.#bins[classOf(block.size)].delete(block);
  }
}
