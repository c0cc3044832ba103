/** What a table may hold; `null` is an empty cell. */
export type TableCell = string | number | boolean | null;

export interface TableColumn {
  header: string;
  /** Default: right when every filled cell is a number, else left. */
  align?: 'left' | 'right';
  /** How numbers are written. Default: whole numbers as they are, others with the same decimals all the way down. */
  format?: (value: number) => string;
  /** Which end is best; the best values of the column are set in bold. */
  best?: 'min' | 'max';
}

/** A table for the terminal ({@link formatTable}) and for HTML reports alike. */
export interface Table {
  columns: readonly (string | TableColumn)[];
  /** Rows of cells, each as long as `columns`. */
  rows: readonly (readonly TableCell[])[];
}
