import stringWidth from 'string-width';
import { layoutTable } from './internal/layout-table.js';
import { printable } from './internal/printable.js';
import type { Table } from './table.js';

export interface FormatTableOptions {
  /** Marks a best value and a header, for example bold for a terminal. Default: as it is. */
  bold?: (text: string) => string;
}

/**
 * A table as aligned lines of text, for a terminal: numbers to the right, text to the left, a rule under the headers.
 * Each row takes one line; control characters are replaced, so that a file's contents cannot steer the terminal.
 *
 * @returns lines joined by `\n`, with no line break at the end
 * @throws {RangeError} when there are no columns or a row is longer or shorter than the columns
 */
export function formatTable(table: Table, options: FormatTableOptions = {}): string {
  const { bold = (text) => text } = options;
  const { headers, alignments, rows } = layoutTable('formatTable', table);
  const grid = [
    headers.map((text) => ({ text: printable(text), best: true })),
    ...rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) }))),
  ];
  const widths = headers.map((_, c) =>
    grid.reduce((widest, row) => Math.max(widest, stringWidth(row[c]!.text)), 0),
  );
  const lines = grid.map((row) =>
    row
      .map(({ text, best }, c) => {
        const space = ' '.repeat(widths[c]! - stringWidth(text));
        const shown = best ? bold(text) : text;
        return alignments[c] === 'right' ? space + shown : shown + space;
      })
      .join('  ')
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  return lines.join('\n');
}
