import { BackendError } from '../../errors.js';
import { coreModule } from '../core.js';
import { spawnWorker } from './spawn-worker.js';
import { workerSource } from './worker-source.js';

/** What a thread is asked to do; codes as in the worker's source. */
export interface Job {
  readonly code: 1 | 2 | 3;
  readonly args: readonly number[];
}

const ARGUMENTS = 24;

/** Helpers over one shared memory. The calling thread takes the first job of a dispatch itself and waits for the others. */
export class ThreadPool {
  readonly size: number;
  readonly #words: Int32Array;
  readonly #numbers: Float64Array;
  readonly #known: number[];
  #dispatched = 0;

  /** @param size - threads in all, the calling one included */
  constructor(memory: WebAssembly.Memory, size: number) {
    this.size = size;
    this.#words = new Int32Array(new SharedArrayBuffer(4 * (2 + 2 * size)));
    this.#numbers = new Float64Array(new SharedArrayBuffer(8 * ARGUMENTS * size));
    this.#known = new Array<number>(size).fill(0);
    for (let thread = 1; thread < size; thread++) {
      this.#words[2 + 2 * thread] = -1;
      spawnWorker(workerSource, {
        memory,
        core: coreModule(true),
        words: this.#words,
        numbers: this.#numbers,
        thread,
      });
    }
  }

  /** How often work was shared so far. */
  get dispatches(): number {
    return this.#dispatched;
  }

  /** True once every helper has started. Until then the calling thread does everything, with the same results. */
  get ready(): boolean {
    for (let thread = 1; thread < this.size; thread++) {
      if (Atomics.load(this.#words, 3 + 2 * thread) === 0) return false;
    }
    return true;
  }

  /** Makes emitted loops known to all helpers; `bytesAt(i)` puts module `i` into memory and gives its place. */
  teach(count: number, bytesAt: (index: number) => readonly [address: number, bytes: number]): void {
    while (this.#known[1] < count) {
      const place = bytesAt(this.#known[1]);
      for (let thread = 1; thread < this.size; thread++) this.#post(thread, 0, place);
      this.#start();
      this.#wait();
      for (let thread = 1; thread < this.size; thread++) this.#known[thread]++;
    }
  }

  /** Runs `jobs[0]` here through `own` and the others on helpers; returns when all are done. */
  run(jobs: readonly Job[], own: () => void): void {
    for (let thread = 1; thread < this.size; thread++) {
      const job = jobs[thread];
      if (job) this.#post(thread, job.code, job.args);
      else this.#words[2 + 2 * thread] = -1;
    }
    this.#start();
    own();
    this.#wait();
  }

  #post(thread: number, code: number, args: readonly number[]): void {
    this.#numbers.set(args, ARGUMENTS * thread);
    this.#words[2 + 2 * thread] = code;
  }

  #start(): void {
    this.#dispatched = (this.#dispatched + 1) & 0x3fffffff || 1;
    Atomics.store(this.#words, 0, this.#dispatched);
    Atomics.notify(this.#words, 0);
  }

  #wait(): void {
    for (let thread = 1; thread < this.size; thread++) {
      if (this.#words[2 + 2 * thread] < 0) continue;
      for (;;) {
        const state = Atomics.load(this.#words, 3 + 2 * thread);
        if (state === this.#dispatched) break;
        if (state === -2) {
          throw new BackendError({
            where: 'wasm threads',
            expected: 'a running helper',
            received: 'one that failed',
          });
        }
      }
    }
  }
}
