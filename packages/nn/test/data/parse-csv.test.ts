import { describe, expect, it } from 'vitest';
import { parseCsv } from '../../src/index.js';

const table = 'length,width,"kind, of flower"\n5.1,3.5,setosa\n7,3.2,"versi""color"\n\n6.3,3.3,setosa\n';

describe('parseCsv', () => {
  it('reads features and classes, with quotes as in RFC 4180', () => {
    const { inputs, targets, features, classes } = parseCsv(table, {
      target: 'kind, of flower',
      targetType: 'class',
    });
    expect([inputs.shape, features]).toEqual([
      [3, 2],
      ['length', 'width'],
    ]);
    expect([...inputs.dataSync()]).toEqual([5.1, 3.5, 7, 3.2, 6.3, 3.3].map(Math.fround));
    expect([targets.dtype, [...targets.dataSync()], classes]).toEqual([
      'int32',
      [0, 1, 0],
      ['setosa', 'versi"color'],
    ]);
  });

  it('reads numbers to predict, from chosen columns', () => {
    const { inputs, targets, features } = parseCsv(table, { target: 'width', features: ['length'] });
    expect([features, [...inputs.dataSync()]]).toEqual([['length'], [5.1, 7, 6.3].map(Math.fround)]);
    expect([targets.shape, [...targets.dataSync()]]).toEqual([[3, 1], [3.5, 3.2, 3.3].map(Math.fround)]);
  });

  it('reads tables without names, with other delimiters, line ends and a byte order mark', () => {
    const { inputs, targets, classes } = parseCsv('\uFEFF1;2;10\r\n3;4;9\r\n', {
      target: 2,
      targetType: 'class',
      header: false,
    });
    expect([...inputs.dataSync()]).toEqual([1, 2, 3, 4]);
    expect([[...targets.dataSync()], classes]).toEqual([
      [1, 0],
      ['9', '10'],
    ]);
  });

  it('refuses cells, rows and columns that do not fit, saying where', () => {
    const parse =
      (text: string, target: string | number = 'y') =>
      () =>
        parseCsv(text, { target });
    expect(parse('x,y\n1,2\n?,3')).toThrow(
      'parseCsv: expected a finite number, received "?" in row 3, column "x"',
    );
    expect(parse('x,y\n1,')).toThrow('received "" in row 2, column "y"');
    expect(parse('x,y\n1,2\n1,2,3')).toThrow('parseCsv: expected 2 fields in every row, received 3 in row 3');
    expect(parse('x,y\n1,2', 'z')).toThrow('parseCsv: expected a column of x, y, received "z"');
    expect(parse('x,y\n')).toThrow('parseCsv: expected at least one row of data, received none');
    expect(parse('')).toThrow('parseCsv: expected at least one row of data, received none');
    expect(parse('x,y\n"1,2')).toThrow(/parseCsv: expected well-formed rows, received .*quote.* in row 2/i);
  });
});
