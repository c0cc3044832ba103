import { rename, rm, writeFile } from 'node:fs/promises';
import { requireFolder } from './require-folder.js';

/** Writes a text file whole or not at all. */
export async function writeText(path: string, text: string): Promise<void> {
  await requireFolder(path);
  const temporary = `${path}.${process.pid}.partial`;
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
