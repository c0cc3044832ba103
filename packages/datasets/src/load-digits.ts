import { datasets } from './datasets.js';
import { parseNumbers } from './internal/parse-numbers.js';
import { readText } from './internal/read-text.js';

/** 1797 handwritten digits, 8×8 pixels each. */
export interface Digits {
  /** Grey values in `[0, 1]` (multiples of 1/16; 0 is paper, 1 is ink), shape `[count, 64]`, rows of pixels from the top. */
  images: Float32Array<ArrayBuffer>;
  /** The digit shown, 0 to 9, shape `[count]`. */
  labels: Int32Array<ArrayBuffer>;
  count: number;
  features: number;
  classes: number;
  source: string;
  licence: string;
}

/**
 * Load the test part of UCI's "Optical Recognition of Handwritten Digits" (the set scikit-learn calls `digits`), in
 * the order of the source. Every call returns new arrays, which the caller may change.
 *
 * @throws {Error} when the carried data is damaged
 */
export async function loadDigits(): Promise<Digits> {
  const { rows, columns, source, licence } = datasets.digits;
  const values = parseNumbers('digits', (await readText('digits')).split('\n'), rows, columns + 1);
  const images = new Float32Array(rows * columns);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * (columns + 1);
    for (let pixel = 0; pixel < columns; pixel++) images[row * columns + pixel] = values[start + pixel]! / 16;
    labels[row] = values[start + columns]!;
  }
  return { images, labels, count: rows, features: columns, classes: 10, source, licence };
}
