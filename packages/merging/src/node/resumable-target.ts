import { createHash, type Hash } from 'node:crypto';
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint, CheckpointTarget, TargetFile } from '@weightloom/checkpoint';
import { folderTarget, openCheckpoint } from '@weightloom/checkpoint/node';
import type { ChunkedSink } from '@weightloom/state-dict';

/** What is kept of a merge that was interrupted, inside the output folder. */
export const STAGE = '.weightloom-resume';
const PLAN = 'plan.sha256';
const JOURNAL = 'done.txt';

/** What the system counts disk space of files in. */
const BLOCK = 512;

/** Bytes that are read at once to check a tensor. */
const CHUNK = 2 ** 23;

/** Writes a folder so that it can go on where it stopped. */
export interface ResumableTarget extends CheckpointTarget {
  /** Tensors that an earlier run has finished, each checked against its hash; empty for another plan. */
  finished(): Promise<ReadonlyMap<string, Checkpoint>>;
  /** Notes every tensor that is complete. */
  watch(sink: ChunkedSink, sizes: ReadonlyMap<string, number>): ChunkedSink;
}

/**
 * A folder on disk whose files are written aside, in `.weightloom-resume` inside it, and stay there when the work fails or
 * is killed. Tensors that were complete then need not be made again, if the plan is still the same.
 *
 * @param plan - what tells this work from any other: the recipe, its models and its options
 */
export function resumableTarget(path: string, plan: string, overwrite: boolean): ResumableTarget {
  const stage = join(path, STAGE);
  const hash = createHash('sha256').update(plan).digest('hex');
  const handles = new Map<string, FileHandle>();
  const opened: Checkpoint[] = [];
  let journal: FileHandle | undefined;
  let names: readonly string[] = [];

  const close = async () => {
    await Promise.all([...handles.values(), ...(journal ? [journal] : [])].map((handle) => handle.close()));
    await Promise.all(opened.map((checkpoint) => checkpoint.close()));
    handles.clear();
    opened.length = 0;
    journal = undefined;
  };
  return {
    label: path,
    async finished() {
      const known = await readFile(join(stage, PLAN), 'utf8').catch(() => '');
      if (known !== hash) {
        await rm(stage, { recursive: true, force: true });
        return new Map();
      }
      return checkFinished(stage, opened);
    },
    async begin(files) {
      // The usual target knows how to refuse what is there already, and whether there is room.
      const guard = folderTarget(path, { overwrite });
      await guard.begin(await Promise.all(files.map(async (file) => withoutWritten(stage, file))));
      await guard.abort();
      await mkdir(stage, { recursive: true });
      await writeFile(join(stage, PLAN), hash);
      names = files.map(({ name }) => name);
      for (const { name, byteLength } of files) {
        const handle = await open(join(stage, name), 'a').then(async (created) => {
          await created.close();
          return open(join(stage, name), 'r+');
        });
        handles.set(name, handle);
        await handle.truncate(byteLength);
      }
      journal = await open(join(stage, JOURNAL), 'a');
    },
    async writeAt(file, position, bytes) {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handles
          .get(file)!
          .write(bytes, done, bytes.length - done, position + done);
        done += bytesWritten;
      }
    },
    async commit() {
      for (const handle of handles.values()) await handle.sync();
      await close();
      const old = (await readdir(path)).filter((name) => isWeights(name) && !names.includes(name));
      for (const name of old) await rm(join(path, name));
      for (const name of names) await rename(join(stage, name), join(path, name));
      await rm(stage, { recursive: true, force: true });
    },
    // Nothing is deleted: that is the point.
    abort: close,
    watch(sink, sizes) {
      const hashes = new Map<string, { readonly hash: Hash; left: number }>();
      return {
        async write(name, bytes) {
          const state = hashes.get(name) ?? { hash: createHash('sha256'), left: sizes.get(name)! };
          hashes.set(name, state);
          state.hash.update(bytes);
          state.left -= bytes.length;
          await sink.write(name, bytes);
          if (state.left > 0) return;
          hashes.delete(name);
          await journal?.write(`${state.hash.digest('hex')} ${JSON.stringify(name)}\n`);
        },
      };
    },
  };
}

/** Less to write by what of a file is on the disk already. */
async function withoutWritten(stage: string, { name, byteLength }: TargetFile): Promise<TargetFile> {
  const written = await stat(join(stage, name)).then(
    ({ blocks }) => blocks * BLOCK,
    () => 0,
  );
  return { name, byteLength: Math.max(0, byteLength - written) };
}

/** Weights of an older model, which must not mix with the new one. */
const isWeights = (name: string) => /^model(-\d+-of-\d+)?\.safetensors(\.index\.json)?$/.test(name);

async function checkFinished(stage: string, opened: Checkpoint[]): Promise<ReadonlyMap<string, Checkpoint>> {
  const text = await readFile(join(stage, JOURNAL), 'utf8').catch(() => '');
  const expected = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, hash, name] = /^([0-9a-f]{64}) (".*")$/.exec(line) ?? [];
    if (name !== undefined) expected.set(JSON.parse(name) as string, hash!);
  }
  const found = new Map<string, Checkpoint>();
  const files = (await readdir(stage)).filter((name) => name.endsWith('.safetensors')).sort();
  for (const file of files) {
    // A file whose header was not written yet holds nothing of use.
    const checkpoint = await openCheckpoint(join(stage, file)).catch(() => undefined);
    if (!checkpoint) continue;
    opened.push(checkpoint);
    for (const name of checkpoint.names) {
      const hash = expected.get(name);
      if (hash !== undefined && (await hashOf(checkpoint, name)) === hash) found.set(name, checkpoint);
    }
  }
  return found;
}

async function hashOf(checkpoint: Checkpoint, name: string): Promise<string> {
  const { byteLength } = checkpoint.tensors.get(name)!;
  const hash = createHash('sha256');
  const slab = new Uint8Array(Math.min(CHUNK, byteLength));
  for (let at = 0; at < byteLength; at += CHUNK) {
    const end = Math.min(byteLength, at + CHUNK);
    await checkpoint.readInto(name, [at, end], slab);
    hash.update(slab.subarray(0, end - at));
  }
  return hash.digest('hex');
}
