import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toFloat32 } from '@weightloom/checkpoint';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openModel } from '../../src/node/index.js';
import { makeTinyAdapter, makeTinyModel } from '../tiny-models.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-model-'));
  await makeTinyModel(folder, 'base');
  await makeTinyAdapter(folder, 'poet');
});
afterAll(async () => rm(folder, { recursive: true }));

const adapted = { path: 'base', adapter: { path: 'poet' } };
const weight = 'model.layers.0.self_attn.q_proj.weight';

describe('openModel', () => {
  it('opens paths, from a folder of its own or from where it is told', async () => {
    for (const [path, cwd] of [
      ['base', folder],
      [join(folder, 'base'), undefined],
    ] as const) {
      const checkpoint = await openModel({ cwd })({ path });
      expect(checkpoint.names).toHaveLength(39);
      await checkpoint.close();
    }
  });

  it('refuses a revision of a folder', async () => {
    await expect(openModel({ cwd: folder })({ path: 'base', revision: 'main' })).rejects.toThrow(
      'expected a folder without a revision, received revision main',
    );
  });

  it('finds models in the cache of Hugging Face, by revision or by what main is', async () => {
    const hubCache = join(folder, 'hub');
    const repository = join(hubCache, 'models--me--model');
    for (const [name, commit] of [
      ['old', 'aaa'],
      ['new', 'bbb'],
    ] as const) {
      await makeTinyModel(join(folder, 'made'), name);
      await mkdir(join(repository, 'snapshots'), { recursive: true });
      await rename(join(folder, 'made', name), join(repository, 'snapshots', commit));
    }
    await mkdir(join(repository, 'refs'));
    await writeFile(join(repository, 'refs', 'main'), 'bbb');
    const open = openModel({ hubCache });
    const first = async (revision?: string) => {
      const checkpoint = await open({ path: 'me/model', revision });
      const [value] = toFloat32(await checkpoint.read(weight));
      await checkpoint.close();
      return value;
    };
    expect(await first()).toBe(await first('bbb'));
    expect(await first()).not.toBe(await first('aaa'));
  });

  it('folds an adapter into a temporary copy, and deletes it on closing', async () => {
    // A place of its own for temporary files, as other tests make some too.
    vi.stubEnv('TMPDIR', await mkdtemp(join(folder, 'tmp-')));
    const temporary = () => readdirSync(tmpdir());
    const checkpoint = await openModel({ cwd: folder })(adapted);
    expect(temporary()).toHaveLength(1);
    const plain = await openModel({ cwd: folder })({ path: 'base' });
    expect(toFloat32(await checkpoint.read(weight))).not.toEqual(toFloat32(await plain.read(weight)));
    await Promise.all([checkpoint.close(), plain.close()]);
    expect(temporary()).toEqual([]);
    vi.unstubAllEnvs();
  });

  it('keeps the copy in a cache where there is one, in the dtype that is asked for', async () => {
    const adapterCache = join(folder, 'merged');
    const open = openModel({ cwd: folder, adapterCache, adapterDtype: 'BF16' });
    const checkpoint = await open(adapted);
    expect(checkpoint.tensors.get(weight)!.dtype).toBe('BF16');
    await checkpoint.close();
    expect(readdirSync(adapterCache)).toHaveLength(1);
    await rm(join(folder, 'poet'), { recursive: true });
    // The adapter is gone, its copy is not.
    await (await open(adapted)).close();
    await expect(openModel({ cwd: folder })(adapted)).rejects.toThrow('poet');
    expect(existsSync(adapterCache)).toBe(true);
  });
});
