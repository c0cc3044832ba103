import { tensor } from '@weightloom/tensor-gpu';
import Papa from 'papaparse';
import { refuse } from '../internal/checks.js';
import type { Dataset } from './dataset.js';

export interface ParseCsvOptions {
  /** The column to predict, by its name in the first line, or by number when there is no such line. */
  readonly target: string | number;
  /** `number`: float32 targets `[n, 1]`; `class`: int32 labels `[n]` for the texts of the column in sorted order. Default `number`. */
  readonly targetType?: 'number' | 'class';
  /** Columns to predict from; default all others. */
  readonly features?: readonly (string | number)[];
  /** Whether the first line names the columns; default true. */
  readonly header?: boolean;
  /** Default: guessed from the text among comma, tab, semicolon and bar. */
  readonly delimiter?: string;
}

/** A table as tensors. */
export interface CsvDataset extends Dataset {
  /** Names (or numbers) of the columns of `inputs`. */
  readonly features: readonly string[];
  /** The text of each label, for class targets. */
  readonly classes?: readonly string[];
}

/**
 * Reads a table of numbers: `inputs` float32 `[rows, features]`. Empty lines are skipped; quoted fields and line breaks in them work as
 * in RFC 4180.
 *
 * @throws {RangeError} for an unknown column, a row of another length, an open quote, or a cell that is no finite number; rows are counted
 *   from 1 as in the file
 */
export function parseCsv(text: string, options: ParseCsvOptions): CsvDataset {
  const { target, targetType = 'number', header = true, delimiter = '' } = options;
  if (targetType !== 'number' && targetType !== 'class')
    refuse('parseCsv', 'targetType number or class', targetType);
  const { data, errors } = Papa.parse<string[]>(text.replace(/^\uFEFF/, ''), {
    delimiter,
    skipEmptyLines: 'greedy',
  });
  const fault = errors.find(({ type }) => type !== 'Delimiter');
  if (fault) refuse('parseCsv', 'well-formed rows', `${fault.message} in row ${(fault.row ?? 0) + 1}`);
  const names = header ? data[0]?.map((name) => name.trim()) : data[0]?.map((_, i) => String(i));
  const rows = header ? data.slice(1) : data;
  if (!names || rows.length === 0) refuse('parseCsv', 'at least one row of data', 'none');
  const first = header ? 2 : 1;
  rows.forEach((row, i) => {
    if (row.length !== names.length) {
      refuse('parseCsv', `${names.length} fields in every row`, `${row.length} in row ${i + first}`);
    }
  });
  const columnOf = (name: string | number): number => {
    const column = names.indexOf(String(name));
    if (column < 0) refuse('parseCsv', `a column of ${names.join(', ')}`, `"${name}"`);
    return column;
  };
  const numberAt = (row: number, column: number): number => {
    const field = rows[row][column].trim();
    const value = field === '' ? NaN : Number(field);
    if (!Number.isFinite(value)) {
      refuse('parseCsv', 'a finite number', `"${field}" in row ${row + first}, column "${names[column]}"`);
    }
    return value;
  };
  const goal = columnOf(target);
  const columns = options.features?.map(columnOf) ?? names.map((_, i) => i).filter((i) => i !== goal);
  const inputs = Float32Array.from({ length: rows.length * columns.length }, (_, i) =>
    numberAt(Math.floor(i / columns.length), columns[i % columns.length]),
  );
  const table = {
    inputs: tensor(inputs, [rows.length, columns.length]),
    features: columns.map((c) => names[c]),
  };
  if (targetType === 'number') {
    const values = Float32Array.from(rows, (_, row) => numberAt(row, goal));
    return { ...table, targets: tensor(values, [rows.length, 1]) };
  }
  const classes = [...new Set(rows.map((row) => row[goal].trim()))].sort(byNumberThenText);
  const labels = new Map(classes.map((name, i) => [name, i]));
  return {
    ...table,
    targets: tensor(Int32Array.from(rows, (row) => labels.get(row[goal].trim())!)),
    classes,
  };
}

/** Numbers in their order (2 before 10), then texts in theirs. */
function byNumberThenText(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (Number.isFinite(x) && Number.isFinite(y)) return x - y;
  return a < b ? -1 : 1;
}
