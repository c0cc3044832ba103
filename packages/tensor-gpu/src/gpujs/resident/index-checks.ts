import { sizeOf } from '../../tensor/shape.js';
import { indexError, type Indices } from '../plan/indices.js';
import { buffer } from '../plan/pass.js';
import { accumulate, indexText, pass } from '../plan/text.js';
import type { Device, Image } from './device.js';

/** A kernel that counts the indices out of range. */
const counting = ({ index, rows }: Indices) =>
  pass([buffer(0)], buffer(1), 1, [
    ...accumulate(
      sizeOf(index.layout.shape),
      'wlNumber(0)',
      (a, b) => `${a} + ${b}`,
      (k) => [
        `const index = a0[${indexText(index.layout.offset, [[k, 1]])}];`,
        `const term = wlOr(wlLess(index, 0), wlGreaterEqual(index, ${rows}));`,
      ],
    ),
    'return total;',
  ]);
const adding = pass([buffer(0), buffer(1)], buffer(2), 1, ['return a0[this.thread.x] + a1[this.thread.x];']);

interface OpenCheck {
  readonly count: Image;
  readonly indices: Indices;
}

/** This many checks are open at most; then they are added up. */
const MAX_OPEN = 256;

/**
 * Indices that were computed on the device cannot be looked at when they are used. A kernel counts those out of range, and the
 * count is looked at when values are read: the error appears at `data()`.
 */
export class IndexChecks {
  readonly #device: Device;
  #open: OpenCheck[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /** Queues the counting of bad indices among those in `image`. */
  watch(indices: Indices, image: Image): void {
    this.#open.push({ count: this.#device.run(counting(indices), [image]), indices });
    if (this.#open.length > MAX_OPEN) this.#addUp();
  }

  #addUp(): void {
    this.#open = [
      this.#open.reduce((total, next) => {
        const count = this.#device.run(adding, [total.count, next.count]);
        this.#device.free(total.count);
        this.#device.free(next.count);
        return { count, indices: next.indices };
      }),
    ];
  }

  /** Reads the counts; throws when an index was out of range. */
  async settle(): Promise<void> {
    const open = this.#open.splice(0);
    this.#conclude(open, await Promise.all(open.map(({ count }) => this.#device.read(count))));
  }

  settleNow(): void {
    const open = this.#open.splice(0);
    this.#conclude(
      open,
      open.map(({ count }) => this.#device.readNow(count)),
    );
  }

  #conclude(checks: readonly OpenCheck[], counts: readonly Float32Array[]): void {
    for (const { count } of checks) this.#device.free(count);
    const bad = counts.findIndex(([n]) => n > 0);
    if (bad >= 0) throw indexError(checks[bad].indices);
  }
}
