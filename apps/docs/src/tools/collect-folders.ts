import type { Folder } from './folder.js';

/** A file and where it was among what was given. */
interface Placed {
  readonly path: string;
  readonly file: File;
}

/** Folders inside folders that are looked into: enough for the cache of Hugging Face, too few for a whole disk. */
const MAX_DEPTH = 5;
const MAX_FILES = 20_000; // far above any model; stops a drop of a whole disk

const isOfUse = ({ name }: File): boolean =>
  /\.(safetensors|index\.json|bin|pt|pth|ckpt|gguf|h5)$/.test(name) || name === 'adapter_config.json';

/** What a file input gave: a folder with all that is in it, or single files. */
export const foldersOfFiles = (files: Iterable<File>): Folder[] =>
  group([...files].map((file) => ({ path: file.webkitRelativePath || file.name, file })));

/** What was dropped on the page. Call it in the event itself: the list is empty later. */
export function foldersOfDrop(items: DataTransferItemList): Promise<Folder[]> {
  const given = [...items].map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  return collect(async (found) => {
    for (const { entry, file } of given) {
      if (entry) await walkEntry(entry, found, 0);
      else if (file) add(found, file.name, file);
    }
  });
}

/** What is in a folder that was picked. */
export const foldersOfHandle = (handle: FileSystemDirectoryHandle): Promise<Folder[]> =>
  collect((found) => walkHandle(handle, handle.name, found, 0));

async function collect(walk: (found: Placed[]) => Promise<void>): Promise<Folder[]> {
  const found: Placed[] = [];
  await walk(found);
  return group(found);
}

function add(found: Placed[], path: string, file: File): void {
  if (found.length >= MAX_FILES)
    throw new RangeError(`expected folders of models, received more than ${MAX_FILES} files`);
  found.push({ path, file });
}

async function walkEntry(entry: FileSystemEntry, found: Placed[], depth: number): Promise<void> {
  if (entry.name.startsWith('.')) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    add(found, entry.fullPath.slice(1), file);
  } else if (depth < MAX_DEPTH) {
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (some.length === 0) break;
      for (const inner of some) await walkEntry(inner, found, depth + 1);
    }
  }
}

async function walkHandle(
  handle: FileSystemDirectoryHandle,
  path: string,
  found: Placed[],
  depth: number,
): Promise<void> {
  for await (const [name, inner] of handle.entries()) {
    if (name.startsWith('.')) continue;
    const own = `${path}/${name}`;
    if (inner.kind === 'file') add(found, own, await (inner as FileSystemFileHandle).getFile());
    else if (depth < MAX_DEPTH) await walkHandle(inner as FileSystemDirectoryHandle, own, found, depth + 1);
  }
}

/** Files by the folder they are in; folders without weights are left out, files without a folder stand alone. */
function group(placed: readonly Placed[]): Folder[] {
  const folders = new Map<string, File[]>();
  for (const { path, file } of placed) {
    const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return [...folders].flatMap(([path, files]): Folder[] => {
    if (!files.some(isOfUse)) return [];
    if (path !== '') return [{ path: nameOf(path), files }];
    // Loose files with an index or a configuration among them are the inside of one folder.
    const isInside = files.some(({ name }) => /(\.index\.json|config\.json)$/.test(name));
    if (isInside) return [{ path: 'files', files }];
    return files.filter(isOfUse).map((file) => ({ path: file.name, files: [file], single: true }));
  });
}

/** A folder of the Hugging Face cache goes by the name of its model. */
function nameOf(path: string): string {
  const cached = /(?:^|\/)models--([^/]+)--([^/]+)\/snapshots\/[^/]+$/.exec(path);
  return cached ? `${cached[1]}/${cached[2]}` : path;
}
