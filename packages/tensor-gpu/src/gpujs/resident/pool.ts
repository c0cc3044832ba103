import type { MemoryReport } from '../../executor.js';

/** Idle members are kept up to this many bytes, or up to what is in use where that is more. */
const IDLE_BYTES = 64 * 2 ** 20;

/** A piece of device memory; those of one size serve for each other. */
export interface Pooled {
  readonly size: string;
  readonly bytes: number;
}

/**
 * Device memory that is used again: a training loop allocates in its first steps only. Commands run in the order they were
 * queued, so a piece may be handed out while earlier commands still use it.
 */
export class Pool<T extends Pooled> {
  readonly #destroy: (piece: T) => void;
  readonly #idle = new Map<string, T[]>();
  #count = 0;
  #used = 0;
  #idleBytes = 0;
  #peak = 0;

  constructor(destroy: (piece: T) => void) {
    this.#destroy = destroy;
  }

  /** Bytes in use. */
  get used(): number {
    return this.#used;
  }

  take(size: string, create: () => T): T {
    const known = this.#idle.get(size)?.pop();
    if (known) this.#idleBytes -= known.bytes;
    const piece = known ?? create();
    this.#used += piece.bytes;
    this.#count++;
    this.#peak = Math.max(this.#peak, this.#used);
    return piece;
  }

  give(piece: T): void {
    const same = this.#idle.get(piece.size) ?? [];
    this.#idle.set(piece.size, same);
    same.push(piece);
    this.#used -= piece.bytes;
    this.#count--;
    this.#idleBytes += piece.bytes;
    const most = Math.max(IDLE_BYTES, this.#used);
    if (this.#idleBytes > most) this.#shrink(most / 2);
  }

  report(): MemoryReport {
    return {
      used: this.#used,
      reserved: this.#used + this.#idleBytes,
      peak: this.#peak,
      buffers: this.#count,
    };
  }

  dispose(): void {
    this.#shrink(-1);
  }

  /** Destroys idle pieces until at most `room` bytes of them are left. */
  #shrink(room: number): void {
    for (const [size, pieces] of this.#idle) {
      while (pieces.length > 0 && this.#idleBytes > room) {
        const piece = pieces.pop()!;
        this.#idleBytes -= piece.bytes;
        this.#destroy(piece);
      }
      if (pieces.length === 0) this.#idle.delete(size);
    }
  }
}
