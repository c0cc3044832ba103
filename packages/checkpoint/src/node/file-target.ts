import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CheckpointTarget } from '../checkpoint-target.js';
import { checkFree } from '../internal/check-free.js';
import { makeRoom, type Room, type StagedFiles, stageFiles } from './staged-files.js';

export interface FileTargetOptions {
  /** Replace a file that is already there (default `true`, as saving does everywhere). */
  readonly overwrite?: boolean;
}

/**
 * Writes one file on disk: aside, in the same folder, under a name that starts with a dot and ends in `.partial`, then
 * flushed to the disk and renamed. Whoever is reading an older file of that name reads on undisturbed.
 */
export function fileTarget(path: string, options: FileTargetOptions = {}): CheckpointTarget {
  const name = basename(path);
  const folder = dirname(path);
  let staged: StagedFiles | undefined;
  let room: Room | undefined;
  return {
    label: path,
    onlyFile: name,
    async begin(files) {
      if (options.overwrite === false && existsSync(path)) checkFree(files, [name], folder, false);
      room = await makeRoom(folder, files[0]!.byteLength);
      const temporary = join(folder, `.${name}.${process.pid}-${(counter += 1)}.partial`);
      staged = await stageFiles(new Map([[name, { temporary, final: path }]]));
    },
    async writeAt(file, position, bytes) {
      await staged!.writeAt(file, position, bytes);
    },
    async commit() {
      await staged!.flush();
      await staged!.publish();
      staged = undefined;
    },
    async abort() {
      await staged?.abort();
      if (staged) await room?.remove();
      staged = undefined;
    },
  };
}

/** Tells apart files that one process writes at the same time. */
let counter = 0;
