/** Rotations held back before they are applied: their cosines and sines stay in the second-level cache. */
const CAPACITY = 8192;

/**
 * Plane rotations of the columns of a row-major matrix, applied late and together: each row takes a whole batch while it is in
 * the cache, four rows side by side.
 *
 * A rotation of columns `(i, j)`: `x_i ← c·x_i + s·x_j`, `x_j ← c·x_j - s·x_i`.
 */
export class ColumnRotations {
  readonly #x: Float64Array;
  readonly #rows: number;
  readonly #columns: number;
  readonly #cosines = new Float64Array(CAPACITY);
  readonly #sines = new Float64Array(CAPACITY);
  /** Runs of rotations of `(i, i + 1)`, `(i + 1, i + 2)`, …: where they start and how long they are. */
  readonly #starts = new Int32Array(CAPACITY);
  readonly #lengths = new Int32Array(CAPACITY);
  #runs = 0;
  #count = 0;

  constructor(x: Float64Array, rows: number, columns: number) {
    this.#x = x;
    this.#rows = rows;
    this.#columns = columns;
  }

  /** Rotates columns `i` and `i + 1`, some time before the next {@link flush}. */
  push(i: number, c: number, s: number): void {
    if (this.#count === CAPACITY) this.flush();
    const last = this.#runs - 1;
    if (last >= 0 && this.#starts[last] + this.#lengths[last] === i) {
      this.#lengths[last]++;
    } else {
      this.#starts[this.#runs] = i;
      this.#lengths[this.#runs++] = 1;
    }
    this.#cosines[this.#count] = c;
    this.#sines[this.#count++] = s;
  }

  /** Rotates two columns that need not be neighbours, now. */
  pair(i: number, j: number, c: number, s: number): void {
    this.flush();
    const x = this.#x;
    for (let at = 0; at < x.length; at += this.#columns) {
      const a = x[at + i];
      const b = x[at + j];
      x[at + i] = c * a + s * b;
      x[at + j] = c * b - s * a;
    }
  }

  flush(): void {
    let r = 0;
    for (; r + 3 < this.#rows; r += 4) this.#rotateFour(r * this.#columns);
    for (; r < this.#rows; r++) this.#rotateOne(r * this.#columns);
    this.#count = 0;
    this.#runs = 0;
  }

  #rotateFour(b0: number): void {
    const [x, cosines, sines] = [this.#x, this.#cosines, this.#sines];
    const b1 = b0 + this.#columns;
    const b2 = b1 + this.#columns;
    const b3 = b2 + this.#columns;
    let at = 0;
    for (let run = 0; run < this.#runs; run++) {
      const first = this.#starts[run];
      const end = first + this.#lengths[run];
      let x0 = x[b0 + first];
      let x1 = x[b1 + first];
      let x2 = x[b2 + first];
      let x3 = x[b3 + first];
      for (let i = first; i < end; i++, at++) {
        const c = cosines[at];
        const s = sines[at];
        const y0 = x[b0 + i + 1];
        const y1 = x[b1 + i + 1];
        const y2 = x[b2 + i + 1];
        const y3 = x[b3 + i + 1];
        x[b0 + i] = c * x0 + s * y0;
        x[b1 + i] = c * x1 + s * y1;
        x[b2 + i] = c * x2 + s * y2;
        x[b3 + i] = c * x3 + s * y3;
        x0 = c * y0 - s * x0;
        x1 = c * y1 - s * x1;
        x2 = c * y2 - s * x2;
        x3 = c * y3 - s * x3;
      }
      x[b0 + end] = x0;
      x[b1 + end] = x1;
      x[b2 + end] = x2;
      x[b3 + end] = x3;
    }
  }

  #rotateOne(base: number): void {
    const [x, cosines, sines] = [this.#x, this.#cosines, this.#sines];
    let at = 0;
    for (let run = 0; run < this.#runs; run++) {
      let a = x[base + this.#starts[run]];
      const end = this.#starts[run] + this.#lengths[run];
      for (let i = this.#starts[run]; i < end; i++, at++) {
        const b = x[base + i + 1];
        x[base + i] = cosines[at] * a + sines[at] * b;
        a = cosines[at] * b - sines[at] * a;
      }
      x[base + end] = a;
    }
  }
}
