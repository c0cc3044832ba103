/** A growing list of numbers, 8 bytes each. */
export class NumberList {
  #data = new Float64Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length === this.#data.length) {
      const wider = new Float64Array(2 * this.#length);
      wider.set(this.#data);
      this.#data = wider;
    }
    this.#data[this.#length++] = value;
  }

  get length(): number {
    return this.#length;
  }

  /** What was pushed so far, without a copy. */
  values(): Float64Array {
    return this.#data.subarray(0, this.#length);
  }
}
