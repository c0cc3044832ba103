/** Rows of numbers as a user gives them: an array of rows, or one row-major block with its shape. */
export type MatrixInput =
  | readonly ArrayLike<number>[]
  | { readonly data: ArrayLike<number>; readonly rows: number; readonly columns: number };

/** A checked float64 matrix, row-major: entry `(i, j)` is `data[i * columns + j]`. */
export interface Matrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Copies rows of numbers into one row-major float64 block.
 *
 * @param where - the public function that speaks in the error
 * @param name - the argument's name, for the error
 * @throws {TypeError} when `input` is not a matrix
 * @throws {RangeError} when rows differ in length or a cell is NaN or infinite (the cell is named)
 */
export function toMatrix(where: string, name: string, input: MatrixInput): Matrix {
  if (input !== null && typeof input === 'object' && 'data' in input) {
    const { data, rows, columns } = input;
    if (data.length !== rows * columns)
      throw new RangeError(`${where}: ${name} says ${rows} × ${columns} but holds ${data.length} numbers`);
    const block = Float64Array.from(data);
    checkCells(where, name, block, columns);
    return { data: block, rows, columns };
  }
  if (!Array.isArray(input))
    throw new TypeError(
      `${where}: ${name} must be an array of rows or { data, rows, columns }, got ${typeof input}`,
    );
  const rows = input as readonly ArrayLike<number>[];
  const columns = rows.length > 0 ? rows[0]!.length : 0;
  const data = new Float64Array(rows.length * columns);
  rows.forEach((row, i) => {
    if (row === null || typeof row !== 'object')
      throw new TypeError(`${where}: ${name}[${i}] must be a row of numbers, got ${typeof row}`);
    if (row.length !== columns)
      throw new RangeError(
        `${where}: ${name}[${i}] has ${row.length} columns, expected ${columns} as in row 0`,
      );
    for (let j = 0; j < columns; j++) data[i * columns + j] = asNumber(where, `${name}[${i}][${j}]`, row[j]);
  });
  checkCells(where, name, data, columns);
  return { data, rows: rows.length, columns };
}

/**
 * Copies a list of numbers into a float64 array.
 *
 * @param length - the length it must have, when given
 * @throws {TypeError} when `input` is not a list of numbers
 * @throws {RangeError} when the length is another or a value is NaN or infinite (the index is named)
 */
export function toVector(
  where: string,
  name: string,
  input: ArrayLike<number>,
  length?: number,
): Float64Array {
  if (input === null || typeof input !== 'object' || typeof input.length !== 'number')
    throw new TypeError(
      `${where}: ${name} must be an array of numbers, got ${input === null ? 'null' : typeof input}`,
    );
  if (length !== undefined && input.length !== length)
    throw new RangeError(`${where}: ${name} has ${input.length} values, expected ${length}`);
  const out = new Float64Array(input.length);
  for (let i = 0; i < out.length; i++) out[i] = asNumber(where, `${name}[${i}]`, input[i]);
  const bad = out.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`${where}: ${name}[${bad}] is ${out[bad]}, expected a finite number`);
  return out;
}

/** Copies some rows of a matrix, in the order given. */
export function selectRows({ data, columns }: Matrix, rows: ArrayLike<number>): Matrix {
  const out = new Float64Array(rows.length * columns);
  for (let i = 0; i < rows.length; i++)
    out.set(data.subarray(rows[i]! * columns, (rows[i]! + 1) * columns), i * columns);
  return { data: out, rows: rows.length, columns };
}

function asNumber(where: string, name: string, value: unknown): number {
  if (typeof value === 'number') return value;
  throw new TypeError(`${where}: ${name} must be a number, got ${value === null ? 'null' : typeof value}`);
}

function checkCells(where: string, name: string, data: Float64Array, columns: number): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new RangeError(
    `${where}: ${name} is ${data[bad]} at row ${Math.floor(bad / columns)}, column ${bad % columns}, expected a finite number`,
  );
}
