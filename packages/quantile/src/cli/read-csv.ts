import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';

/** One record of a CSV file. */
export interface CsvRow {
  /** Line of the file on which the record ends, 1-based; the header is on line 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** An open CSV file: its header, and its rows one at a time. */
export interface CsvFile {
  readonly path: string;
  readonly header: readonly string[];
  readonly rows: AsyncIterable<CsvRow>;
}

/** Far above any real record; stops a file without line breaks early. */
const MAX_RECORD = 16 * 2 ** 20;

/**
 * Opens a CSV file (RFC 4180, comma, header row; `-` is the standard input) and streams its rows.
 *
 * @throws {Error} when it cannot be read, is empty, names a column twice, or a record has another number of cells than
 *   the header (with the line)
 */
export async function openCsv(path: string): Promise<CsvFile> {
  const records = readRecords(path);
  const first = await records.next();
  if (first.done) throw new Error(`${path} is empty, expected a header row`);
  const header = first.value.cells.map((name) => name.trim());
  const twice = header.find((name, j) => header.indexOf(name) !== j);
  if (twice !== undefined) throw new Error(`${path}: two columns are named "${twice}"`);
  return { path, header, rows: records };
}

async function* readRecords(path: string): AsyncGenerator<CsvRow, undefined> {
  const source = path === '-' ? process.stdin : createReadStream(path);
  const parser = parse({ bom: true, info: true, relax_column_count: true, max_record_size: MAX_RECORD });
  source.on('error', (error: Error) => parser.destroy(error));
  source.pipe(parser);
  let width = 0;
  try {
    const records = parser as AsyncIterable<{ record: string[]; info: { lines: number } }>;
    for await (const { record, info } of records) {
      const blank = record.length === 1 && record[0] === '';
      if (width === 0) width = record.length;
      else if (blank && width > 1) continue;
      if (record.length !== width)
        throw new Error(`line ${info.lines} has ${record.length} cells, expected ${width} as in the header`);
      yield { line: info.lines, cells: record };
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new Error(`there is no file "${path}"`, { cause: error });
    throw new Error(`${path}: ${message}`, { cause: error });
  } finally {
    source.unpipe(parser);
    if (source !== process.stdin) source.destroy();
  }
}

/** Position of a column. */
export function columnOf({ path, header }: CsvFile, name: string): number {
  const at = header.indexOf(name);
  if (at < 0) throw new Error(`${path} has no column "${name}"; its columns are ${header.join(', ')}`);
  return at;
}

/** Groups of rows, so that work is done in blocks and memory stays bounded. */
export async function* rowChunks<Row>(rows: AsyncIterable<Row>, size: number): AsyncGenerator<Row[]> {
  let chunk: Row[] = [];
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
