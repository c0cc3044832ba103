import {
  blobSource,
  type Checkpoint,
  CheckpointError,
  type FolderSource,
  openCheckpoint,
} from '@weightloom/checkpoint';

/** A folder, or a single file, that the visitor gave to a page. Its files are read where they lie, when they are needed. */
export interface Folder {
  /** Where it was among what was given, such as `models/base`; for a single file its name. */
  readonly path: string;
  readonly files: readonly File[];
  /** Set for one file that was given by itself. */
  readonly single?: boolean;
}

/** A folder as a place to read from. */
export function folderSource({ path, files }: Folder): FolderSource {
  const byName = new Map(files.map((file) => [file.name, file]));
  return {
    label: path,
    async list() {
      return [...byName.keys()].sort();
    },
    async open(name) {
      const file = byName.get(name);
      return file && blobSource(file, `${path}/${name}`);
    },
  };
}

/** Opens the weights in a folder, or the single file. */
export const openFolder = (folder: Folder, signal?: AbortSignal): Promise<Checkpoint> =>
  openCheckpoint(folder.single ? blobSource(folder.files[0]!, folder.path) : folderSource(folder), {
    signal,
  });

/** The text of a small file; `undefined` when there is none. */
export const textOf = async ({ files }: Folder, name: string): Promise<string | undefined> =>
  files.find((file) => file.name === name)?.text();

/**
 * The folder that a name in a recipe means: its path, or the last part of it. So `./models/base`, `base` and `some-org/base` all
 * find a folder called `base`.
 *
 * @throws {CheckpointError} when none is called so, or several are
 */
export function findFolder(folders: readonly Folder[], name: string): Folder {
  const wanted = name.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
  const exact = folders.find(({ path }) => path === wanted);
  if (exact) return exact;
  const last = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/\.safetensors$/, '');
  const near = folders.filter(({ path }) => last(path) === last(wanted));
  if (near.length === 1) return near[0]!;
  throw new CheckpointError({
    code: near.length > 1 ? 'ambiguous-folder' : 'missing-file',
    where: JSON.stringify(name),
    expected: near.length > 1 ? 'one folder of that name' : 'the name of a folder on this page',
    received: near.length > 1 ? near.map(({ path }) => path).join(', ') : 'none that is called so',
    cure:
      near.length > 1
        ? 'write more of its path'
        : `there ${folders.length === 1 ? 'is' : 'are'} ${folders.map(({ path }) => path).join(', ') || 'no folders yet'}`,
  });
}
