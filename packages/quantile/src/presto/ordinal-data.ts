import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { toMatrix } from '../internal/matrix.js';

/** A class label. */
export type ClassLabel = string | number;

export interface OrdinalData {
  /** Features, `[n, d]`, finite. */
  readonly x: MatrixInput;
  /** Ordered class labels, `[n]`. */
  readonly y: ArrayLike<ClassLabel>;
  /** The classes from lowest to highest. Needed for text labels; numbers are sorted when it is left out. */
  readonly classes?: readonly ClassLabel[] | undefined;
}

/** Checked data: `z` is `[n, d + 1]`, a column of ones and the standardised features. */
export interface Design {
  readonly z: Float64Array;
  readonly n: number;
  readonly d: number;
  /** Class index of each row, 0 is the lowest. */
  readonly codes: Int32Array;
  readonly classes: readonly ClassLabel[];
  readonly means: Float64Array;
  /** Population standard deviations; 1 for a constant column. */
  readonly scales: Float64Array;
}

/** Reads, checks and standardises; every class must occur. */
export function readDesign(where: string, data: OrdinalData, fewest: number): Design {
  const x = toMatrix(where, 'x', data.x);
  const { codes, classes } = encode(where, data.y, data.classes, x.rows);
  if (classes.length < fewest)
    throw new RangeError(`${where}: y has ${classes.length} class(es), expected at least ${fewest}`);
  const seen = new Float64Array(classes.length);
  for (const code of codes) seen[code]!++;
  const empty = seen.indexOf(0);
  if (empty >= 0)
    throw new RangeError(`${where}: class ${JSON.stringify(classes[empty])} has no sample in y`);
  const { means, scales } = moments(x);
  const { rows: n, columns: d } = x;
  const z = new Float64Array(n * (d + 1));
  for (let i = 0; i < n; i++) {
    z[i * (d + 1)] = 1;
    for (let j = 0; j < d; j++) z[i * (d + 1) + 1 + j] = (x.data[i * d + j]! - means[j]!) / scales[j]!;
  }
  return { z, n, d, codes, classes, means, scales };
}

/** The rows of a design, with their standardisation kept as it is. */
export function takeRows(design: Design, rows: readonly number[]): Design {
  const width = design.d + 1;
  const z = new Float64Array(rows.length * width);
  rows.forEach((row, i) => z.set(design.z.subarray(row * width, (row + 1) * width), i * width));
  return { ...design, z, n: rows.length, codes: Int32Array.from(rows, (row) => design.codes[row]!) };
}

function encode(
  where: string,
  y: ArrayLike<ClassLabel>,
  given: readonly ClassLabel[] | undefined,
  n: number,
) {
  if (y.length !== n) throw new RangeError(`${where}: y has ${y.length} labels, expected ${n} as x has rows`);
  if (n === 0) throw new RangeError(`${where}: x and y are empty, expected at least one row`);
  const labels = Array.from(y);
  labels.forEach((label, i) => {
    if (typeof label !== 'string' && !(typeof label === 'number' && Number.isFinite(label)))
      throw new TypeError(`${where}: y[${i}] is ${String(label)}, expected a text or finite number`);
    if (!given && typeof label === 'string')
      throw new TypeError(
        `${where}: y[${i}] is text, whose order is unknown: pass classes from lowest to highest`,
      );
  });
  const classes = given ?? [...new Set(labels as number[])].sort((a, b) => a - b);
  const index = new Map(classes.map((label, k) => [label, k]));
  if (index.size !== classes.length) throw new RangeError(`${where}: classes holds a label twice`);
  const codes = Int32Array.from(labels, (label, i) => {
    const code = index.get(label);
    if (code === undefined)
      throw new RangeError(
        `${where}: y[${i}] is ${JSON.stringify(label)}, expected one of ${JSON.stringify(classes)}`,
      );
    return code;
  });
  return { codes, classes };
}

function moments({ data, rows, columns }: Matrix) {
  const means = new Float64Array(columns);
  const scales = new Float64Array(columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) means[j]! += data[i * columns + j]! / rows;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) scales[j]! += (data[i * columns + j]! - means[j]!) ** 2 / rows;
  scales.forEach((variance, j) => {
    scales[j] = Math.sqrt(variance);
    // Rounding leaves a constant column a tiny spread: it counts as constant and centres to exactly 0.
    if (scales[j]! > 1e-12 * Math.abs(means[j]!)) return;
    scales[j] = 1;
    means[j] = data[j]!;
  });
  return { means, scales };
}
