import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '@weightloom/cli-kit/node';
import { afterAll, beforeAll } from 'vitest';
import { mergeProgram } from '../../src/cli/merge-program.js';
import { makeExampleModels } from '../tiny-models.js';

/** Runs `weightloom-merge`, and gives what it prints. */
export async function run(...args: string[]) {
  let [stdout, stderr] = ['', ''];
  const code = await runCli(mergeProgram(), args, {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
  });
  return { code, stdout, stderr };
}

/** Makes a folder of the example models for the tests of a file; `fill` is told where, and may put more into it. */
export function withExampleModels(fill: (folder: string) => unknown): void {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weightloom-merge-cli-'));
    await makeExampleModels(folder);
    await fill(folder);
  });
  afterAll(async () => rm(folder, { recursive: true }));
}
