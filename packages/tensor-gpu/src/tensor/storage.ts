import { DisposedError } from '../errors.js';
import type { Executor } from '../executor.js';
import type { DType, HostArray } from './dtype.js';

/** Below this many elements a value lives on the host: copying it costs less than tracking it in a backend. */
export const HOST_RESIDENT_ELEMENTS = 64;

/** The net under forgotten tensors: a collected storage gives its buffer back when the event loop turns. */
const collected = new FinalizationRegistry<{ executor: Executor; buffer: unknown }>(({ executor, buffer }) =>
  executor.free(buffer),
);

/**
 * The elements behind one or more tensors, counted by reference. A storage is host-resident (neutral: any backend can take
 * it), device-resident, or both after an upload.
 */
export class Storage {
  readonly dtype: DType;
  readonly length: number;
  host: HostArray | null = null;
  executor: Executor | null = null;
  buffer: unknown = null;
  /** How often a backend has staged the host copy; the second use uploads it for good. */
  uses = 0;
  #references = 0;
  /** Why the elements are gone, as it stands in the error a later use throws. */
  gone: string | null = null;

  constructor(
    dtype: DType,
    length: number,
    home: { host: HostArray } | { executor: Executor; buffer: unknown },
  ) {
    this.dtype = dtype;
    this.length = length;
    if ('host' in home) this.host = home.host;
    else this.settle(home.executor, home.buffer);
  }

  /** Makes `buffer` of `executor` the home of the elements. */
  settle(executor: Executor, buffer: unknown): void {
    this.executor = executor;
    this.buffer = buffer;
    collected.register(this, { executor, buffer }, this);
  }

  retain(): void {
    this.#references++;
  }

  release(): void {
    if (--this.#references <= 0) this.discard('disposed');
  }

  /** Drops the elements now, whoever still refers to them. */
  discard(reason: string): void {
    if (this.gone !== null) return;
    if (this.executor) this.executor.free(this.buffer);
    this.surrender(reason);
  }

  /** Gives the buffer away without freeing it: somebody else owns it now. */
  surrender(reason: string): void {
    this.gone = reason;
    collected.unregister(this);
    this.executor = null;
    this.buffer = null;
    this.host = null;
  }

  check(where: string): void {
    if (this.gone !== null) {
      throw new DisposedError({
        where,
        expected: 'a live tensor',
        received: `one that was ${this.gone}`,
        cure: 'copy it first, or use what the call returned',
      });
    }
  }
}
