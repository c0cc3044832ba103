import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSafetensorsMetadata } from '@huggingface/hub';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { hubDouble, withServer } from '../../../checkpoint/test/http-double.js';
import { mergeRecipe } from '../../src/node/index.js';
import { makeTinyModel } from '../tiny-models.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'merge-hub-'));
  for (const name of ['chat', 'code']) await makeTinyModel(folder, name);
});
afterAll(async () => rm(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const filesOf = (path: string): Record<string, Uint8Array> =>
  Object.fromEntries(readdirSync(path).map((name) => [name, new Uint8Array(readFileSync(join(path, name)))]));
const recipe = (chat: string) => `
merge_method: linear
models:
  - { model: ${chat}, parameters: { weight: 1 } }
  - { model: code, parameters: { weight: 3 } }
dtype: float16
`;

it('merges a model of the Hub, by its name and a revision, as it merges the same folder', async () => {
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'no-cache'));
  const options = { cwd: folder, modelCard: false };
  const local = join(folder, 'local');
  await mergeRecipe(recipe('chat'), { ...options, output: local });
  await withServer(hubDouble('me/chat', filesOf(join(folder, 'chat'))).handler, async (hubUrl) => {
    vi.stubEnv('HF_ENDPOINT', hubUrl);
    const remote = join(folder, 'remote');
    await mergeRecipe(recipe('me/chat@v1'), { ...options, output: remote });
    // The recipes differ in the name of the model.
    for (const [name, bytes] of Object.entries(filesOf(local))) {
      if (name !== 'mergekit_config.yml') expect(filesOf(remote)[name]).toEqual(bytes);
    }
    await expect(
      mergeRecipe(recipe('me/other'), { ...options, output: join(folder, 'none') }),
    ).rejects.toThrow('hf://me/other');
  });
});

it('writes folders that the reader of @huggingface/hub accepts, in one file and in shards', async () => {
  for (const [name, maxShardSize] of [
    ['whole', undefined],
    ['shards', 1000],
  ] as const) {
    const output = join(folder, name);
    const [{ plan }] = (await mergeRecipe(recipe('chat'), { output, cwd: folder, maxShardSize })) as [
      Awaited<ReturnType<typeof mergeRecipe>>[number],
    ];
    const count = plan.tensors.reduce((sum, { shape }) => sum + shape.reduce((n, size) => n * size, 1), 0);
    await withServer(hubDouble('me/merged', filesOf(output)).handler, async (hubUrl) => {
      const parsed = await parseSafetensorsMetadata({
        repo: 'me/merged',
        hubUrl,
        revision: 'c0ffee0000000000000000000000000000000000',
        path: maxShardSize === undefined ? 'model.safetensors' : 'model.safetensors.index.json',
        computeParametersCount: true,
      });
      expect(parsed.sharded).toBe(maxShardSize !== undefined);
      expect(parsed.parameterCount).toEqual({ F16: count });
    });
  }
});
