import { describe, expect, it } from 'vitest';
import { formatTable } from '../src/index.js';

describe('formatTable', () => {
  it('aligns text to the left and numbers, with the same decimals, to the right', () => {
    const table = {
      columns: ['method', 'accuracy', 'parameters', 'note'],
      rows: [
        ['average', 0.66, 10890, null],
        ['TIES', 0.8001, 512, 'density 0.2'],
      ],
    };
    expect(formatTable(table).split('\n')).toEqual([
      'method   accuracy  parameters  note',
      '───────  ────────  ──────────  ───────────',
      'average    0.6600      10,890',
      'TIES       0.8001         512  density 0.2',
    ]);
  });

  it('sets headers and the best values in bold, ties included', () => {
    const lines = formatTable(
      {
        columns: [
          { header: 'loss', best: 'min' },
          { header: 'accuracy', best: 'max' },
        ],
        rows: [
          [2, 5],
          [1, 5],
          [1, NaN],
        ],
      },
      { bold: (text) => `*${text}*` },
    ).split('\n');
    expect(lines.filter((_, i) => i !== 1)).toEqual([
      '*loss*  *accuracy*',
      '   2         *5*',
      '   *1*         *5*',
      '   *1*       NaN',
    ]);
  });

  it('marks nothing as best in a column of one number', () => {
    const table = { columns: [{ header: 'loss', best: 'min' as const }], rows: [[3], [null]] };
    expect(formatTable(table, { bold: (text) => (text === 'loss' ? text : `*${text}*`) })).not.toContain('*');
  });

  it('writes each number alone where no number of decimals suits all', () => {
    expect(
      formatTable({ columns: ['p'], rows: [[1234.5], [0.000001]] })
        .split('\n')
        .slice(2),
    ).toEqual(['1,235', ' 1e-6']);
  });

  it('uses the format and the alignment a column asks for', () => {
    const table = {
      columns: [{ header: 'share', format: (v: number) => `${v * 100} %`, align: 'left' as const }],
      rows: [[0.5], [1]],
    };
    expect(formatTable(table)).toBe('share\n─────\n50 %\n100 %');
  });

  it('counts wide characters as two columns', () => {
    expect(
      formatTable({
        columns: ['a', 'b'],
        rows: [
          ['重み', 1],
          ['w', 2],
        ],
      })
        .split('\n')
        .slice(2),
    ).toEqual(['重み  1', 'w     2']);
  });

  it('keeps a row on one line and control characters out of the terminal', () => {
    const line = formatTable({ columns: ['name'], rows: [['a\nb\u001b[31mred']] }).split('\n')[2];
    expect(line).toBe('a b\ufffd[31mred');
  });

  it('prints 200,000 rows', () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => [i]);
    expect(formatTable({ columns: ['i'], rows }).split('\n')).toHaveLength(200_002);
  });

  it('refuses rows that do not fit the columns', () => {
    expect(() => formatTable({ columns: ['a', 'b'], rows: [[1, 2], [3]] })).toThrow(
      'formatTable: rows[1] has 1 cells, expected 2 as in columns',
    );
    expect(() => formatTable({ columns: [], rows: [] })).toThrow('formatTable: the table has no columns');
  });
});
