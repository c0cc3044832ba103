import { expect, it } from 'vitest';
import { ColumnRotations } from '../../../src/linalg/dense/rotations.js';

/** One rotation, by its definition. */
function rotate(x: Float64Array, columns: number, i: number, j: number, c: number, s: number): void {
  for (let at = 0; at < x.length; at += columns) {
    [x[at + i], x[at + j]] = [c * x[at + i] + s * x[at + j], c * x[at + j] - s * x[at + i]];
  }
}

it('applies runs, breaks between runs, pairs and more than one batch in the order they came', () => {
  for (const rows of [1, 4, 7]) {
    const columns = 9;
    const start = Float64Array.from({ length: rows * columns }, (_, p) => Math.sin(p + 1));
    const [got, want] = [start.slice(), start.slice()];
    const rotations = new ColumnRotations(got, rows, columns);
    for (let k = 0; k < 20_000; k++) {
      // Runs of five that begin at changing columns; now and then two columns far apart.
      const i = (Math.floor(k / 5) % 4) + (k % 5) - (k % 5 === 4 && k % 3 === 0 ? 1 : 0);
      const [c, s] = [Math.cos(k), Math.sin(k)];
      rotations.push(i, c, s);
      rotate(want, columns, i, i + 1, c, s);
      if (k % 997 === 0) {
        rotations.pair(8, 2, s, c);
        rotate(want, columns, 8, 2, s, c);
      }
    }
    rotations.flush();
    got.forEach((value, p) => expect(value).toBeCloseTo(want[p], 10));
  }
});
