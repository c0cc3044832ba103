/** What to do with a row that has a missing cell: refuse the file, or leave the row out; `never` refuses where there is no choice. */
export type MissingPolicy = 'refuse' | 'drop' | 'never';

const MISSING = new Set(['', 'NA', 'N/A', 'NaN', 'nan', 'null', 'NULL']);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Where a cell stands, for errors. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: string;
  /** What to do where the cell is no number. */
  readonly cure?: string;
}

const at = ({ path, line, column }: Place): string => `${path}, line ${line}, column "${column}"`;

/** Whether a cell is empty or one of NA, N/A, NaN, null. */
export const isMissing = (cell: string): boolean => MISSING.has(cell.trim());

/**
 * The number in a cell; undefined when it is missing and missing cells drop the row.
 *
 * @throws {Error} for a missing cell under `refuse`, and for anything that is not a finite decimal number (with the line)
 */
export function numberCell(cell: string, place: Place, missing: MissingPolicy): number | undefined {
  const text = cell.trim();
  if (isMissing(text)) return missingCell(place, missing);
  const value = NUMBER.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value))
    throw new Error(
      `${at(place)}: "${text}" is not a finite number${place.cure === undefined ? '' : `; ${place.cure}`}`,
    );
  return value;
}

/** The label in a cell; undefined when it is missing and missing cells drop the row. */
export function labelCell(cell: string, place: Place, missing: MissingPolicy): string | undefined {
  const text = cell.trim();
  return isMissing(text) ? missingCell(place, missing) : text;
}

function missingCell(place: Place, missing: MissingPolicy): undefined {
  if (missing === 'drop') return undefined;
  const choice = missing === 'refuse' ? ' or pass --missing drop to leave such rows out' : '';
  throw new Error(`${at(place)}: the cell is missing; fill it in${choice}`);
}

/** A cell as CSV wants it. */
export const writeCell = (cell: string | number): string => {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
