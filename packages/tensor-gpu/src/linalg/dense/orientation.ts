/** Entries within this share of the largest one count as equally large, so that rounding does not choose the sign. */
const TIE = 0.999;

/**
 * The sign that makes a column of a row-major matrix point our way: the first of its largest entries is positive. 1 for a column
 * of zeros.
 */
export function columnSign(x: ArrayLike<number>, rows: number, columns: number, column: number): 1 | -1 {
  let largest = 0;
  for (let i = 0; i < rows; i++) largest = Math.max(largest, Math.abs(x[i * columns + column]));
  for (let i = 0; i < rows; i++) {
    const entry = x[i * columns + column];
    if (Math.abs(entry) >= TIE * largest) return entry < 0 ? -1 : 1;
  }
  return 1;
}

/** Columns `order[0], order[1], …` of a row-major matrix, each times its sign. */
export function pickColumns(
  x: Float64Array,
  rows: number,
  columns: number,
  order: readonly number[],
  signs: readonly number[],
): Float64Array {
  const width = order.length;
  const out = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < width; k++) out[i * width + k] = signs[k] * x[i * columns + order[k]];
  }
  return out;
}
