import { access, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type { FolderSource } from '../byte-source.js';
import { plainFileName } from '../internal/plain-file-name.js';
import { fileSource } from './file-source.js';
import { refusal } from '../internal/refusal.js';

export interface FolderSourceOptions {
  /**
   * Follow links that lead out of the folder (default `false`: refuse them). Links of the Hugging Face cache, from a
   * snapshot to its repository's `blobs`, are always followed.
   */
  readonly followLinks?: boolean;
}

/**
 * A folder on disk.
 *
 * A folder of the Hugging Face cache (`…/models--owner--name`) stands for the snapshot of its `main`, or for the only
 * one there is.
 *
 * @throws {CheckpointError} `missing-file` when there is no such folder, `ambiguous-folder` for a cache folder with
 *   several snapshots of which none is `main`
 */
export async function folderSource(path: string, options: FolderSourceOptions = {}): Promise<FolderSource> {
  const folder = await snapshotFolder(path);
  const root = await realpath(folder);
  const allowed = [root, ...(await blobFolders(root))];
  return {
    label: folder,
    async list() {
      const entries = await readdir(folder, { withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile() || entry.isSymbolicLink())
        .map(({ name }) => name)
        .sort();
    },
    async open(name) {
      const label = join(folder, plainFileName(name, folder));
      const real = await realpath(label).catch(missing);
      if (real === undefined) return undefined;
      if (options.followLinks !== true && !allowed.some((parent) => real.startsWith(parent + sep))) {
        throw refusal(
          'link-outside-folder',
          label,
          `a file inside ${folder}`,
          `a link to ${real}`,
          'pass { followLinks: true } if you made that link',
        );
      }
      return fileSource(real, label);
    },
  };
}

/** The folder itself, or in the folder of a cached repository the snapshot it stands for. */
async function snapshotFolder(path: string): Promise<string> {
  const stats = await stat(path).catch(missing);
  if (!stats?.isDirectory()) throw refusal('missing-file', path, 'a folder', stats ? 'a file' : 'nothing');
  const snapshots = join(path, 'snapshots');
  if (!basename(await realpath(path)).startsWith('models--') || !(await exists(snapshots))) return path;
  const commits = (await readdir(snapshots)).sort();
  const main = await readFile(join(path, 'refs', 'main'), 'utf8').catch(missing);
  const commit = main?.trim() ?? (commits.length === 1 ? commits[0]! : '');
  if (commits.includes(commit)) return join(snapshots, commit);
  const received =
    main === undefined ? `${commits.length} snapshots and no refs/main` : `refs/main without its snapshot`;
  throw refusal(
    'ambiguous-folder',
    path,
    'a cached model with one snapshot, or with refs/main',
    received,
    'open the folder of a snapshot',
  );
}

/** Where the links of a cache snapshot (`models--x/snapshots/<commit>/…`) may lead: the `blobs` of its repository. */
async function blobFolders(root: string): Promise<string[]> {
  const repository = dirname(dirname(root));
  if (basename(dirname(root)) !== 'snapshots' || !basename(repository).startsWith('models--')) return [];
  const blobs = join(repository, 'blobs');
  return (await exists(blobs)) ? [await realpath(blobs)] : [];
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}
