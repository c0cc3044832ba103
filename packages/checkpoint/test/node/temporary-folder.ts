import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

const made: string[] = [];

afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A new folder that goes with the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'checkpoint-test-'));
  made.push(folder);
  return folder;
}

/** Every file and folder below, by relative path. */
export async function everything(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}
