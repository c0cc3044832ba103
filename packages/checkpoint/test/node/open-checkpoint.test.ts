import { execFileSync } from 'node:child_process';
import { mkdir, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { serializeSafetensors, toFloat32 } from '../../src/index.js';
import { fileSource, folderSource, loadSafetensors, openCheckpoint } from '../../src/node/index.js';
import { refusal, refusalCode } from '../helpers.js';
import { temporaryFolder } from './temporary-folder.js';

const sharded = fileURLToPath(new URL('../__fixtures__/sharded', import.meta.url));
const golden = fileURLToPath(new URL('../golden/numpy.safetensors', import.meta.url));
const file = (value: number) =>
  serializeSafetensors({ a: { dtype: 'U8', shape: [1], bytes: Uint8Array.of(value) } });

describe('a path', () => {
  it('may lead to a file, an index or a folder, as text or as a file URL', async () => {
    for (const path of [golden, pathToFileURL(golden), pathToFileURL(golden).href]) {
      await using checkpoint = await openCheckpoint(path);
      expect(checkpoint.names).toContain('fc.weight');
      expect(checkpoint.tensors.get('fc.weight')!.file).toBe('numpy.safetensors');
    }
    for (const path of [sharded, `${sharded}/model.safetensors.index.json`]) {
      await using checkpoint = await openCheckpoint(path);
      expect(checkpoint.names).toHaveLength(4);
      expect([...(await checkpoint.readModelFiles()).keys()]).toEqual(['config.json']);
    }
  });

  it('is told apart from bytes and blobs, which open too', async () => {
    for (const source of [file(3), new Blob([file(3) as Uint8Array<ArrayBuffer>])]) {
      expect([...(await loadSafetensors(source)).tensors.a!.bytes]).toEqual([3]);
    }
  });

  it('that leads nowhere is refused, with a hint when it looks like a model of the Hub', async () => {
    expect(await refusal(() => openCheckpoint('/no/such/place'))).toMatchObject({ code: 'missing-file' });
    const error = await refusal(() => openCheckpoint('mistralai/no-such-folder'));
    expect(error.message).toContain('write hf://mistralai/no-such-folder');
    expect(await refusalCode(() => fileSource('/no/such/place'))).toBe('missing-file');
    expect(await refusalCode(() => fileSource(sharded))).toBe('unsupported-source');
    expect(await refusalCode(() => folderSource(golden))).toBe('missing-file');
    expect(await refusalCode(() => folderSource('/no/such/place'))).toBe('missing-file');
  });

  it('reads many tensors side by side', async () => {
    await using checkpoint = await openCheckpoint(golden);
    const all = await Promise.all(checkpoint.names.map((name) => checkpoint.read(name)));
    const { tensors } = await loadSafetensors(golden);
    expect(all).toEqual(Object.values(tensors));
    expect(toFloat32(tensors['fc.bias']!)).toEqual(Float32Array.of(1, -2, 0.5));
  });

  it('keeps reading a file that is replaced meanwhile, and notices one that is cut', async () => {
    const path = join(await temporaryFolder(), 'x.safetensors');
    await writeFile(path, file(1));
    await using checkpoint = await openCheckpoint(path);
    await writeFile(`${path}.new`, file(2));
    await rename(`${path}.new`, path);
    expect([...(await checkpoint.read('a')).bytes]).toEqual([1]);
    await using cut = await openCheckpoint(path);
    await truncate(path, 20);
    expect(await refusalCode(() => cut.read('a'))).toBe('short-read');
  });
});

it('does not wait for a pipe that somebody put in place of a file', async () => {
  const folder = await temporaryFolder();
  const program = 'mkfifo';
  execFileSync(program, [join(folder, 'model.safetensors')]);
  expect(await refusalCode(() => openCheckpoint(folder, { file: 'model.safetensors' }))).toBe(
    'unsupported-source',
  );
  expect(await refusalCode(() => openCheckpoint(join(folder, 'model.safetensors')))).toBe(
    'unsupported-source',
  );
});

describe('links', () => {
  it('inside the folder are followed, links out of it only when told', async () => {
    const outside = join(await temporaryFolder(), 'outside.safetensors');
    const folder = await temporaryFolder();
    await writeFile(outside, file(1));
    await writeFile(join(folder, 'inside'), file(2));
    await symlink('inside', join(folder, 'in.safetensors'));
    await symlink(outside, join(folder, 'out.safetensors'));
    expect((await loadSafetensors(folder, { file: 'in.safetensors' })).tensors.a!.bytes[0]).toBe(2);
    const error = await refusal(() => loadSafetensors(folder, { file: 'out.safetensors' }));
    expect(error).toMatchObject({ code: 'link-outside-folder' });
    expect(error.message).toContain('followLinks: true');
    const followed = await loadSafetensors(folder, { file: 'out.safetensors', followLinks: true });
    expect(followed.tensors.a!.bytes[0]).toBe(1);
  });

  it('to a folder beside, whose name starts the same, lead outside', async () => {
    const parent = await temporaryFolder();
    await mkdir(join(parent, 'model'));
    await mkdir(join(parent, 'model-secret'));
    await writeFile(join(parent, 'model-secret', 'x'), file(1));
    await symlink(join(parent, 'model-secret', 'x'), join(parent, 'model', 'model.safetensors'));
    expect(await refusalCode(() => openCheckpoint(join(parent, 'model')))).toBe('link-outside-folder');
  });

  it('that lead nowhere count as missing files', async () => {
    const folder = await temporaryFolder();
    await symlink('gone', join(folder, 'model.safetensors'));
    expect(await refusalCode(() => openCheckpoint(folder))).toBe('missing-file');
  });
});

describe('the Hugging Face cache', () => {
  /** The layout of huggingface_hub: files in snapshots are links to blobs named by their hash. */
  async function cache(commits: Record<string, number>, main?: string) {
    const repository = join(await temporaryFolder(), 'models--owner--name');
    await mkdir(join(repository, 'blobs'), { recursive: true });
    await mkdir(join(repository, 'refs'));
    for (const [commit, value] of Object.entries(commits)) {
      const snapshot = join(repository, 'snapshots', commit);
      await mkdir(snapshot, { recursive: true });
      await writeFile(join(repository, 'blobs', `hash${value}`), file(value));
      await symlink(`../../blobs/hash${value}`, join(snapshot, 'model.safetensors'));
    }
    if (main !== undefined) await writeFile(join(repository, 'refs', 'main'), main);
    return repository;
  }
  const value = async (path: string) => (await loadSafetensors(path)).tensors.a!.bytes[0];

  it('opens at refs/main, at its only snapshot, or at the snapshot given', async () => {
    const both = await cache({ aaa: 1, bbb: 2 }, 'bbb');
    expect(await value(both)).toBe(2);
    expect(await value(join(both, 'snapshots', 'aaa'))).toBe(1);
    expect(await value(await cache({ ccc: 3 }))).toBe(3);
  });

  it('is refused when it does not say which snapshot', async () => {
    expect(await refusalCode(async () => value(await cache({ aaa: 1, bbb: 2 })))).toBe('ambiguous-folder');
    expect(await refusalCode(async () => value(await cache({ aaa: 1 }, '../../../etc')))).toBe(
      'ambiguous-folder',
    );
  });

  it('may link to its own blobs only', async () => {
    const repository = await cache({ aaa: 1 }, 'aaa');
    const other = await cache({ bbb: 2 });
    await symlink(join(other, 'blobs', 'hash2'), join(repository, 'snapshots', 'aaa', 'x.safetensors'));
    expect(await refusalCode(() => openCheckpoint(repository, { file: 'x.safetensors' }))).toBe(
      'link-outside-folder',
    );
  });
});
