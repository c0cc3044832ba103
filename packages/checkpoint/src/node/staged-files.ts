import { type FileHandle, mkdir, open, rename, rm, rmdir, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CheckpointError } from '../checkpoint-error.js';

/** A file written aside, and where it goes when it is complete. */
export interface StagedFile {
  readonly temporary: string;
  readonly final: string;
}

/** Files open for writing, none of them under its final name. */
export interface StagedFiles {
  writeAt(name: string, position: number, bytes: Uint8Array): Promise<void>;
  /** Flushes every file to the disk and closes it. */
  flush(): Promise<void>;
  /** Renames all, in order. */
  publish(): Promise<void>;
  /** Closes and deletes what is not renamed. */
  abort(): Promise<void>;
}

/** Opens the temporary files. */
export async function stageFiles(files: ReadonlyMap<string, StagedFile>): Promise<StagedFiles> {
  const handles = new Map<string, FileHandle>();
  const closeAll = async () => {
    await Promise.allSettled([...handles.values()].map((handle) => handle.close()));
    handles.clear();
  };
  let unflushed = 0;
  let flushing: Promise<void> | undefined;
  /** Has the disk work while the rest is being made, instead of all at the end. */
  const flushBehind = (handle: FileHandle, written: number) => {
    unflushed += written;
    if (unflushed < FLUSH_BYTES || flushing) return;
    unflushed = 0;
    flushing = handle.datasync();
    const done = () => (flushing = undefined);
    // The system reports a failure only once; it stays here until `flush` throws it.
    flushing.then(done, () => undefined);
  };
  const abort = async () => {
    await closeAll();
    await Promise.all([...files.values()].map(({ temporary }) => rm(temporary, { force: true })));
  };
  try {
    for (const [name, { temporary }] of files) handles.set(name, await open(temporary, 'wx'));
  } catch (error) {
    await abort();
    throw error;
  }
  return {
    async writeAt(name, position, bytes) {
      const handle = handles.get(name)!;
      for (let done = 0; done < bytes.length;) {
        const length = Math.min(bytes.length - done, MAX_WRITE);
        const { bytesWritten } = await handle.write(bytes, done, length, position + done);
        done += bytesWritten;
      }
      flushBehind(handle, bytes.length);
    },
    async flush() {
      await flushing;
      for (const handle of handles.values()) await handle.sync();
      await closeAll();
    },
    async publish() {
      for (const { temporary, final } of files.values()) await rename(temporary, final);
      for (const folder of new Set([...files.values()].map(({ final }) => dirname(final))))
        await syncFolder(folder);
    },
    abort,
  };
}

/** Bytes after which the disk is set to work: large enough to be written at full speed. */
const FLUSH_BYTES = 64 * 2 ** 20;

/** Most that is written with one call: the system refuses 2 GiB and more. */
const MAX_WRITE = 2 ** 30;

/** Makes renames last through a power cut, where the system can sync folders (Windows cannot). */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** Folders made for a checkpoint. */
export interface Room {
  /** Deletes those of them that are still empty. */
  remove(): Promise<void>;
}

/** Makes `folder`, and refuses when its disk has less than `needed` bytes free. */
export async function makeRoom(folder: string, needed: number): Promise<Room> {
  const path = resolve(folder);
  const first = await mkdir(path, { recursive: true });
  const room: Room = {
    async remove() {
      if (first === undefined) return;
      for (let made = path; made.length >= first.length; made = dirname(made)) {
        if (
          !(await rmdir(made).then(
            () => true,
            () => false,
          ))
        )
          return;
      }
    },
  };
  const { bavail, bsize } = await statfs(folder);
  const available = bavail * bsize;
  if (needed <= available) return room;
  await room.remove();
  throw new CheckpointError({
    code: 'no-space',
    where: folder,
    expected: `${needed} bytes of free disk space`,
    received: `${available} available`,
  });
}
