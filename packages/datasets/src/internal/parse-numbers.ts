/**
 * Numbers separated by blanks or commas → one row-major array, shape `[rows, columns]`.
 *
 * @throws {RangeError} when the number of rows or columns differs, or a field is not a finite number
 */
export function parseNumbers(
  name: string,
  lines: readonly string[],
  rows: number,
  columns: number,
): Float64Array {
  const filled = lines.filter((line) => line.trim() !== '');
  if (filled.length !== rows) {
    throw new RangeError(`datasets: "${name}" has ${filled.length} rows, expected ${rows}`);
  }
  const out = new Float64Array(rows * columns);
  filled.forEach((line, row) => {
    const fields = line.trim().split(/\s*[,\s]\s*/);
    if (fields.length !== columns) {
      throw new RangeError(`datasets: "${name}" row ${row} has ${fields.length} fields, expected ${columns}`);
    }
    fields.forEach((field, column) => {
      const value = field === '' ? NaN : Number(field);
      if (!Number.isFinite(value)) {
        throw new RangeError(
          `datasets: "${name}" row ${row} field ${column} is "${field}", expected a number`,
        );
      }
      out[row * columns + column] = value;
    });
  });
  return out;
}
