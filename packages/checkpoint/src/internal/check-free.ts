import { CheckpointError } from '../checkpoint-error.js';
import type { TargetFile } from '../checkpoint-target.js';

/**
 * Checks that a new checkpoint would not mix with one that is there already.
 *
 * @param present - names of the files in the folder
 * @returns names of the old checkpoint's files that the new one does not replace and that must go
 */
export function checkFree(
  files: readonly TargetFile[],
  present: readonly string[],
  where: string,
  overwrite: boolean,
): string[] {
  const names = new Set(files.map(({ name }) => name));
  const bases = new Set([...names].filter(isWeights).map(baseName));
  const old = present.filter((name) => isWeights(name) && bases.has(baseName(name)));
  const clash = overwrite ? [] : present.filter((name) => names.has(name) || old.includes(name));
  if (clash.length === 0) return old.filter((name) => !names.has(name));
  throw new CheckpointError({
    code: 'already-exists',
    where,
    expected: 'a folder without a checkpoint',
    received: clash.slice(0, 3).join(', ') + (clash.length > 3 ? ` and ${clash.length - 3} more` : ''),
    cure: 'choose another folder, or set `overwrite`',
  });
}

const isWeights = (name: string) => /\.safetensors(\.index\.json)?$/.test(name);

/** `model` for `model.safetensors`, `model-00001-of-00002.safetensors` and `model.safetensors.index.json`. */
const baseName = (name: string) => name.replace(/(-\d{5,6}-of-\d{5,6})?\.safetensors(\.index\.json)?$/, '');
