import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '@weightloom/cli-kit/node';
import { afterAll, beforeAll, expect } from 'vitest';
import { createQuantileProgram } from '../../src/cli/create-quantile-program.js';
import { pick, table } from './tables.js';

let folder: string;

/** A file in the folder of this test file. */
export const path = (name = ''): string => join(folder, name);

export const write = (name: string, text: string): string => {
  writeFileSync(path(name), text);
  return path(name);
};

/** Runs the program in this process. */
export async function run(...argv: string[]) {
  let stdout = '';
  let stderr = '';
  const io = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
  };
  const code = await runCli(createQuantileProgram('1.2.3'), argv, io);
  return { code, stdout, stderr };
}

/** Runs the program with `--json` and answers the document. */
export async function json(...argv: string[]) {
  const { code, stdout, stderr } = await run(...argv, '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

/** Makes the folder with the CSV files of Engel and of three parts of concrete, for the length of a test file. */
export function useTables(): void {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'weightloom-quantile-'));
    const engel = await table('engel');
    write(
      'engel.csv',
      `income,foodexp\n${[...engel.y].map((y, i) => `${engel.x.data[i]},${y}`).join('\n')}\n`,
    );
    const concrete = await table('concrete');
    const csv = ({ x, y }: typeof concrete) =>
      [
        'cement,slag,ash,water,plasticizer,coarse,fine,age,strength',
        ...[...y].map((v, i) => [...x.data.slice(8 * i, 8 * i + 8), v].join(',')),
      ].join('\n');
    // The source lists similar mixtures together: every tenth row goes its own way.
    const part = (from: number, to: number) => csv(pick(concrete, (i) => i % 10 >= from && i % 10 < to));
    write('train.csv', part(0, 6));
    write('calibration.csv', part(6, 8));
    write('test.csv', part(8, 10));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
}
