import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** @throws {Error} when the folder a file shall be written to does not exist */
export async function requireFolder(path: string): Promise<void> {
  const folder = dirname(resolve(path));
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw new Error(`there is no folder "${folder}" for ${path}; create it first`);
}
