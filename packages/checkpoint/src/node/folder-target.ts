import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointTarget } from '../checkpoint-target.js';
import { checkFree } from '../internal/check-free.js';
import { isIndexName } from '../internal/find-weights.js';
import { refusal } from '../internal/refusal.js';
import { makeRoom, type Room, type StagedFiles, stageFiles } from './staged-files.js';

export interface FolderTargetOptions {
  /** Replace a checkpoint that is already there (default `false`: refuse). Other files stay. */
  readonly overwrite?: boolean;
}

/**
 * Writes into a folder on disk, which is made where there is none.
 *
 * Files are written into a folder inside it whose name starts with `.weightloom-`, flushed to the disk and renamed when
 * all are complete, the index last. A process that is killed leaves that folder and nothing else.
 */
export function folderTarget(path: string, options: FolderTargetOptions = {}): CheckpointTarget {
  let staged: StagedFiles | undefined;
  let room: Room | undefined;
  let stage: string | undefined;
  /** Files of an older checkpoint: to be deleted before the new ones appear, and after. */
  let before: string[] = [];
  let after: string[] = [];

  const removeStage = async () => {
    if (stage !== undefined) await rm(stage, { recursive: true, force: true });
    stage = staged = room = undefined;
  };
  const remove = async (names: readonly string[]) => {
    for (const name of names) await rm(join(path, name), { force: true });
  };
  return {
    label: path,
    async begin(files) {
      const present = await readdir(path).catch((error: NodeJS.ErrnoException): string[] => {
        if (error.code === 'ENOENT') return [];
        if (error.code !== 'ENOTDIR') throw error;
        throw refusal('already-exists', path, 'a folder, or nothing yet', 'a file', 'choose another name');
      });
      after = checkFree(files, present, path, options.overwrite === true);
      // An old index must not speak for new shards, should the machine stop halfway.
      before = files.map(({ name }) => name).filter((name) => isIndexName(name) && present.includes(name));
      const needed = files.reduce((sum, { byteLength }) => sum + byteLength, 0);
      room = await makeRoom(path, needed);
      const folder = (stage = await mkdtemp(join(path, '.weightloom-')));
      const paths = files.map(
        ({ name }) => [name, { temporary: join(folder, name), final: join(path, name) }] as const,
      );
      staged = await stageFiles(new Map(paths));
    },
    async writeAt(file, position, bytes) {
      await staged!.writeAt(file, position, bytes);
    },
    async commit() {
      await staged!.flush();
      await remove(before);
      await staged!.publish();
      await remove(after);
      await removeStage();
    },
    async abort() {
      const made = room;
      await staged?.abort();
      await removeStage();
      await made?.remove();
    },
  };
}
