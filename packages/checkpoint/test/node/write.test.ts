import { execFile, spawn } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'vite';
import { describe, expect, it } from 'vitest';
import {
  createCheckpointWriter,
  fromFloat32,
  openCheckpoint as openBytes,
  serializeSafetensors,
} from '../../src/index.js';
import {
  fileTarget,
  folderTarget,
  loadSafetensors,
  openCheckpoint,
  saveSafetensors,
} from '../../src/node/index.js';
import { plainHeader, refusal, refusalCode } from '../helpers.js';
import { everything, temporaryFolder } from './temporary-folder.js';

const tensors = {
  'fc.weight': fromFloat32(Float32Array.of(1, 2, 3, 4), 'F32', { shape: [2, 2] }),
  'fc.bias': fromFloat32(Float32Array.of(5, 6), 'BF16'),
};
const specs = Object.entries(tensors).map(([name, { dtype, shape }]) => ({ name, dtype, shape }));

async function writeShards(path: string, options = {}, files: [string, string][] = []) {
  const target = folderTarget(path, options);
  await using writer = await createCheckpointWriter({ target, tensors: specs, maxShardSize: 16, files });
  for (const [name, tensor] of Object.entries(tensors)) await writer.write(name, tensor);
  return writer.close();
}

describe('saveSafetensors', () => {
  it('writes a file that loads again, and nothing else', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'deep', 'er', 'x.safetensors');
    await saveSafetensors(path, tensors, { made: 'here' });
    expect(await everything(folder)).toEqual(['deep', 'deep/er', 'deep/er/x.safetensors']);
    const loaded = await loadSafetensors(path);
    expect({ ...loaded.tensors }).toEqual({ ...tensors });
    expect({ ...loaded.metadata }).toEqual({ made: 'here' });
    expect(Buffer.from(serializeSafetensors(tensors, { made: 'here' })).equals(await readFile(path))).toBe(
      true,
    );
  });

  it('says that the tensors are PyTorch tensors unless told otherwise', async () => {
    const path = join(await temporaryFolder(), 'x.safetensors');
    await saveSafetensors(path, tensors);
    expect(plainHeader(await readFile(path)).__metadata__).toEqual({ format: 'pt' });
  });

  it('replaces a file as a whole, unless told not to', async () => {
    const path = join(await temporaryFolder(), 'x.safetensors');
    await writeFile(path, 'old');
    expect(await refusalCode(() => saveSafetensors(path, tensors, {}, { overwrite: false }))).toBe(
      'already-exists',
    );
    expect(await readFile(path, 'utf8')).toBe('old');
    await saveSafetensors(path, tensors);
    expect(Object.keys((await loadSafetensors(path)).tensors)).toHaveLength(2);
  });

  it('leaves the old file and nothing else when it is refused', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'x.safetensors');
    await writeFile(path, 'old');
    const wrong = { ...tensors, bad: { ...tensors['fc.bias'], shape: [3] } };
    expect(await refusalCode(() => saveSafetensors(path, wrong))).toBe('invalid-tensor');
    expect(await refusalCode(() => saveSafetensors(join(folder, 'new', 'y'), wrong))).toBe('invalid-tensor');
    expect(await everything(folder)).toEqual(['x.safetensors']);
    expect(await readFile(path, 'utf8')).toBe('old');
  });
});

describe('folderTarget', () => {
  it('writes shards, index and the files beside them', async () => {
    const folder = join(await temporaryFolder(), 'model');
    const { files } = await writeShards(folder, {}, [['config.json', '{"a": 1.0}']]);
    expect(await everything(folder)).toEqual(files.map(({ name }) => name).sort());
    await using checkpoint = await openCheckpoint(folder);
    expect({ ...(await checkpoint.readAll()).tensors }).toEqual({ ...tensors });
    expect(new TextDecoder().decode(await checkpoint.readFile('config.json'))).toBe('{"a": 1.0}');
    expect(checkpoint.warnings).toEqual([]);
  });

  it('leaves nothing, not even a folder it made, when the writer gives up', async () => {
    const parent = await temporaryFolder();
    const target = folderTarget(join(parent, 'a', 'b'));
    const writer = await createCheckpointWriter({ target, tensors: specs, maxShardSize: 16 });
    await writer.write('fc.bias', tensors['fc.bias']);
    expect((await everything(parent)).length).toBeGreaterThan(2);
    await writer.abort();
    expect(await everything(parent)).toEqual([]);
  });

  it('refuses to mix with a checkpoint that is there, and replaces all of it when told', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'model.safetensors'), serializeSafetensors({}));
    await writeFile(join(folder, 'model-00001-of-00003.safetensors'), serializeSafetensors({}));
    await writeFile(join(folder, 'notes.txt'), 'mine');
    const error = await refusal(() => writeShards(folder));
    expect(error).toMatchObject({ code: 'already-exists', where: folder });
    expect(error.message).toMatch(/; choose another folder, or set `overwrite`$/);
    expect(await everything(folder)).toHaveLength(3);
    await writeShards(folder, { overwrite: true });
    expect(await everything(folder)).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
      'notes.txt',
    ]);
    await writeShards(folder, { overwrite: true });
    expect(await openCheckpoint(folder).then((c) => c.names.length)).toBe(2);
  });

  it('refuses a file where a folder is to be', async () => {
    const path = join(await temporaryFolder(), 'file');
    await writeFile(path, 'mine');
    expect((await refusal(() => writeShards(path, { overwrite: true }))).message).toBe(
      `${path}: expected a folder, or nothing yet, received a file; choose another name`,
    );
  });

  it('checks the free disk space first and says how much is missing', async () => {
    const parent = await temporaryFolder();
    const huge = [{ name: 'w', dtype: 'F32' as const, shape: [2 ** 46] }];
    for (const target of [
      folderTarget(join(parent, 'new')),
      fileTarget(join(parent, 'new', 'x.safetensors')),
    ]) {
      const error = await refusal(() => createCheckpointWriter({ target, tensors: huge }));
      expect(error).toMatchObject({ code: 'no-space', where: join(parent, 'new') });
      expect(error.expected).toMatch(/^28147497671\d+ bytes of free disk space$/);
      expect(error.received).toMatch(/^\d+ available$/);
    }
    expect(await everything(parent)).toEqual([]);
  });

  it('reports what the system refuses, and leaves nothing', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'model.safetensors'));
    const writer = await createCheckpointWriter({
      target: fileTarget(join(folder, 'model.safetensors')),
      tensors: specs,
    });
    for (const [name, tensor] of Object.entries(tensors)) await writer.write(name, tensor);
    await expect(writer.close()).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(await everything(folder)).toEqual(['model.safetensors']);
    await chmod(folder, 0o700);
  });

  it('does not take several shards or other files into a single file', async () => {
    const target = () => fileTarget('/nowhere/x.safetensors');
    const make = (options: object) =>
      refusalCode(() => createCheckpointWriter({ target: target(), tensors: specs, ...options }));
    expect(await make({ maxShardSize: 16 })).toBe('invalid-shard-size');
    expect(await make({ files: [['config.json', '{}']] })).toBe('already-exists');
  });
});

describe('a process that is killed while it writes', () => {
  it('leaves no file under a final name, and a later write succeeds', { timeout: 60_000 }, async () => {
    const work = await temporaryFolder();
    const bundle = join(work, 'writer.mjs');
    await bundleWriter(work);
    for (const kind of ['folder', 'file'] as const) {
      const folder = join(work, kind);
      const child = spawn(process.execPath, [bundle, kind, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
      // The child says so when half of the bytes are written, then goes on slowly.
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const gone = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
      child.kill('SIGKILL');
      expect(await gone).toBe('SIGKILL');
      const left = await everything(folder);
      expect(left.length).toBeGreaterThan(0);
      expect(left.filter((name) => !name.startsWith('.'))).toEqual([]);
      await promisify(execFile)(process.execPath, [bundle, kind, folder, 'finish']);
      await using checkpoint = await openCheckpoint(folder);
      expect(checkpoint.names).toEqual(['a', 'b']);
      expect((await checkpoint.read('b')).bytes[99_999]).toBe(2);
    }
  });
});

/** One file with our code and a program around it, so that a plain Node process can run it. */
async function bundleWriter(outDir: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true },
    resolve: { conditions: ['@weightloom/source', 'node', 'import'] },
    build: {
      ssr: fileURLToPath(new URL('slow-writer.ts', import.meta.url)),
      outDir,
      emptyOutDir: false,
      rollupOptions: { external: ['@huggingface/hub'], output: { entryFileNames: 'writer.mjs' } },
    },
  });
}

it('writes the same file in memory and on disk', async () => {
  const path = join(await temporaryFolder(), 'x.safetensors');
  await saveSafetensors(path, tensors, {});
  expect((await openBytes(new Uint8Array(await readFile(path)))).names).toEqual(['fc.weight', 'fc.bias']);
});
