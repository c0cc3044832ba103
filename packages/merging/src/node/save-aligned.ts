import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateDict } from '@weightloom/state-dict';
import { saveStateDict } from '@weightloom/state-dict/node';

/**
 * Writes weights in the dtypes of a model: as one file, for a name that ends in `.safetensors`, or as a folder with the
 * configuration and tokenizer of that model.
 *
 * @throws {RangeError} when there is something at `output` already, unless it may be overwritten
 * @returns the file with the weights
 */
export async function saveAligned(
  output: string,
  params: StateDict,
  like: string,
  { overwrite = false }: { readonly overwrite?: boolean } = {},
): Promise<string> {
  const isFile = output.endsWith('.safetensors');
  const file = isFile ? output : join(output, 'model.safetensors');
  const found = await stat(file).catch(() => undefined);
  if (found && !overwrite) {
    throw new RangeError(`--out ${output}: expected no model there, received one; --overwrite replaces it`);
  }
  if (!isFile) {
    await mkdir(output, { recursive: true });
    const isFolder = (await stat(like)).isDirectory();
    for (const name of isFolder ? await readdir(like) : []) {
      const source = join(like, name);
      const isWeights = /\.(safetensors|bin|pt|pth|gguf|index\.json)$/.test(name);
      if (!isWeights && (await stat(source)).isFile()) await copyFile(source, join(output, name));
    }
  }
  await saveStateDict(file, params, { like });
  return file;
}
