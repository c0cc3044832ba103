/** All private storage of the tool pages is in this folder. */
const ROOT = 'weightloom-tools';

/** A private folder of this page, on disk and out of the visitor's sight. */
export interface ScratchSpace {
  /** An empty folder in it. */
  folder(name: string): Promise<FileSystemDirectoryHandle>;
}

let opened: Promise<ScratchSpace | undefined> | undefined;

/**
 * The page's private storage; `undefined` where the browser has none. It is kept as long as the page is open; what pages that are
 * gone have left is removed by the next one.
 */
export const scratchSpace = (): Promise<ScratchSpace | undefined> => (opened ??= open());

async function open(): Promise<ScratchSpace | undefined> {
  const isOffered = 'createWritable' in (globalThis.FileSystemFileHandle?.prototype ?? {});
  if (!isOffered || !navigator.storage?.getDirectory || !navigator.locks) return undefined;
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle(ROOT, { create: true });
  const own = `page-${crypto.randomUUID()}`;
  await hold(`${ROOT}/${own}`);
  await sweep(root);
  const space = await root.getDirectoryHandle(own, { create: true });
  return {
    async folder(name) {
      await space.removeEntry(name, { recursive: true }).catch(() => undefined); // there may be none
      return space.getDirectoryHandle(name, { create: true });
    },
  };
}

/** Takes a lock that the browser gives back when the page is gone. */
const hold = (name: string): Promise<void> =>
  new Promise((resolve, reject) => {
    navigator.locks
      .request(name, () => {
        resolve();
        return new Promise(() => undefined);
      })
      .catch(reject);
  });

/** Removes folders of pages that are gone. */
async function sweep(root: FileSystemDirectoryHandle): Promise<void> {
  const { held = [] } = await navigator.locks.query();
  const alive = new Set(held.map(({ name }) => name));
  for await (const name of root.keys()) {
    if (alive.has(`${ROOT}/${name}`)) continue;
    await root.removeEntry(name, { recursive: true }).catch(() => undefined); // another page may be at it too
  }
}
