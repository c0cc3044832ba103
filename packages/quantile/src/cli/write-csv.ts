import { open, rename, rm } from 'node:fs/promises';
import { writeCell } from './cells.js';
import { requireFolder } from './require-folder.js';

/** Takes rows of cells, one at a time. */
export interface CsvSink {
  write(cells: readonly (string | number)[]): Promise<void>;
}

/** Characters gathered before they go to the file. */
const BLOCK = 1 << 16;

const line = (cells: readonly (string | number)[]): string => cells.map(writeCell).join(',');

/**
 * Writes a CSV file whole or not at all: rows go to a temporary file beside it, which takes the name at the end.
 *
 * @param fill - writes the rows; when it throws, nothing is left behind
 */
export async function writeCsv<Answer>(
  path: string,
  fill: (sink: CsvSink) => Promise<Answer>,
): Promise<Answer> {
  await requireFolder(path);
  const temporary = `${path}.${process.pid}.partial`;
  const file = await open(temporary, 'wx');
  try {
    let block = '';
    const answer = await fill({
      async write(cells) {
        block += `${line(cells)}\n`;
        if (block.length < BLOCK) return;
        await file.write(block);
        block = '';
      },
    });
    await file.write(block);
    await file.close();
    await rename(temporary, path);
    return answer;
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The same into memory: answers the lines as text, for the terminal. */
export async function collectCsv<Answer>(
  fill: (sink: CsvSink) => Promise<Answer>,
): Promise<{ answer: Answer; text: string }> {
  const lines: string[] = [];
  const answer = await fill({
    write(cells) {
      lines.push(line(cells));
      return Promise.resolve();
    },
  });
  return { answer, text: lines.join('\n') };
}
