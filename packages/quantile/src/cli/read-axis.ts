import type { MissingPolicy, Place } from './cells.js';
import { isMissing, numberCell } from './cells.js';

const DATE = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?)?$/;
const DAY = 86_400_000;

/** Reads the cells of the column a chart runs over. */
export interface AxisReader {
  /** The place of a row; undefined when its cell is missing and such rows are dropped. */
  read(cell: string, place: Place, missing: MissingPolicy): number | undefined;
  /** The first date of a column of dates, which `read` answers in days since 1970. */
  readonly firstDate: () => string | undefined;
}

/** Numbers, or ISO dates (with or without a time, taken as UTC): the first cell decides. */
export function axisReader(): AxisReader {
  let first: string | undefined;
  return {
    read(cell, place, missing) {
      const text = cell.trim();
      if (isMissing(text)) return numberCell(text, place, missing);
      first ??= text;
      if (!DATE.test(first)) return numberCell(text, place, missing);
      const time = DATE.test(text)
        ? Date.parse(`${text.replace(' ', 'T').replace(/(T.*[^Z])$/, '$1Z')}`)
        : NaN;
      if (Number.isNaN(time))
        throw new Error(
          `${place.path}, line ${place.line}, column "${place.column}": "${text}" is not a date such as ${first}`,
        );
      return time / DAY;
    },
    firstDate: () => (first !== undefined && DATE.test(first) ? first : undefined),
  };
}
