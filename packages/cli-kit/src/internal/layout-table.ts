import { formatNumber } from '../format-number.js';
import type { Table, TableCell, TableColumn } from '../table.js';

/** A table as text, with what both printers need to know of it. */
export interface TableLayout {
  headers: string[];
  alignments: ('left' | 'right')[];
  rows: { text: string; best: boolean }[][];
}

/**
 * Write every cell as text and find the best of each column.
 *
 * @throws {RangeError} when there are no columns or a row is longer or shorter than the columns
 */
export function layoutTable(where: string, table: Table): TableLayout {
  if (table.columns.length === 0) throw new RangeError(`${where}: the table has no columns`);
  table.rows.forEach((row, i) => {
    if (row.length === table.columns.length) return;
    throw new RangeError(
      `${where}: rows[${i}] has ${row.length} cells, expected ${table.columns.length} as in columns`,
    );
  });
  const columns = table.columns.map((column) => (typeof column === 'string' ? { header: column } : column));
  const cells = columns.map((column, c) =>
    layoutColumn(
      column,
      table.rows.map((row) => row[c]!),
    ),
  );
  return {
    headers: columns.map((column) => column.header),
    alignments: cells.map((column) => column.align),
    rows: table.rows.map((_, r) => cells.map((column) => column.cells[r]!)),
  };
}

function layoutColumn(column: TableColumn, values: TableCell[]) {
  const numbers = values.filter((value) => typeof value === 'number');
  const allNumbers =
    numbers.length > 0 && values.every((value) => value === null || typeof value === 'number');
  const format = column.format ?? sameDecimals(numbers);
  const comparable = numbers.filter((value) => !Number.isNaN(value));
  const best = comparable.length < 2 ? undefined : pickBest(comparable, column.best);
  return {
    align: column.align ?? (allNumbers ? 'right' : 'left'),
    cells: values.map((value) => ({
      text: value === null ? '' : typeof value === 'number' ? format(value) : String(value),
      best: typeof value === 'number' && value === best,
    })),
  };
}

const pickBest = (values: number[], best: 'min' | 'max' | undefined): number | undefined =>
  best && values.reduce((a, b) => ((best === 'min' ? b < a : b > a) ? b : a));

/** One number of decimals for a column, so that the points line up: four significant digits of the largest value. */
function sameDecimals(values: number[]): (value: number) => string {
  const sizes = values.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
  const smallest = sizes.reduce((a, b) => Math.min(a, b), Infinity);
  if (values.every((value) => !Number.isFinite(value) || Number.isInteger(value)))
    return (value) => formatNumber(value);
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(largest)));
  const readable = decimals <= 8 && largest < 1e15 && smallest >= 10 ** -decimals;
  if (!readable) return (value) => formatNumber(value);
  return (value) =>
    Number.isFinite(value)
      ? value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
      : String(value);
}
