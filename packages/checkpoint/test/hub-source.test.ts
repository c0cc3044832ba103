import { readdirSync, readFileSync } from 'node:fs';
import { parseSafetensorsMetadata } from '@huggingface/hub';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hubSource } from '../src/hub.js';
import { createCheckpointWriter, memoryTarget, toFloat32 } from '../src/index.js';
import { openCheckpoint } from '../src/node/index.js';
import { refusal, refusalCode } from './helpers.js';
import { hubDouble, withServer } from './http-double.js';

const folder = new URL('__fixtures__/sharded/', import.meta.url);
const files = Object.fromEntries(
  readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder)) as Uint8Array]),
);

afterEach(() => vi.unstubAllEnvs());

describe('a model on the Hub', () => {
  it('reads as a folder, at the commit the branch had when it was opened', async () => {
    const { handler, requests } = hubDouble('owner/name', files);
    await withServer(handler, async (hubUrl) => {
      const checkpoint = await openCheckpoint(await hubSource('owner/name', { hubUrl }));
      expect(checkpoint.names).toEqual(['a.bias', 'a.weight', 'steps', 'b.weight']);
      expect([...toFloat32(await checkpoint.read('a.weight'))]).toEqual([0, 1, 2, 3, 4, 5]);
      expect([...(await checkpoint.readModelFiles()).keys()]).toEqual(['config.json']);
      expect(await checkpoint.readFile('nothing.json')).toBeUndefined();
    });
    expect(requests.filter((path) => path.includes('/main'))).toHaveLength(1);
  });

  it('can be named hf://owner/name@revision, with address and token from the environment', async () => {
    const { handler } = hubDouble('owner/name', files, 'hf_secret');
    await withServer(handler, async (hubUrl) => {
      vi.stubEnv('HF_ENDPOINT', hubUrl);
      const error = await refusal(() => openCheckpoint('hf://owner/name'));
      expect(error.code).toBe('http-error');
      expect(error.message).toMatch(/status 401.*set HF_TOKEN/);
      vi.stubEnv('HF_TOKEN', 'hf_secret');
      expect((await openCheckpoint('hf://owner/name@v1')).names).toHaveLength(4);
      expect(await refusalCode(() => openCheckpoint('hf://owner/name@v2'))).toBe('missing-file');
      expect(await refusalCode(() => openCheckpoint('hf://owner/other'))).toBe('missing-file');
    });
  });

  it('may keep its weights in a folder', async () => {
    const inFolder = Object.fromEntries(Object.entries(files).map(([name, file]) => [`unet/${name}`, file]));
    await withServer(hubDouble('owner/name', inFolder).handler, async (hubUrl) => {
      const checkpoint = await openCheckpoint(await hubSource('owner/name', { hubUrl, folder: 'unet/' }));
      expect(checkpoint.names).toHaveLength(4);
      expect([...(await checkpoint.readModelFiles()).keys()]).toEqual(['config.json']);
    });
  });

  it('must have a name that is one', async () => {
    for (const name of ['', 'a/b/c', '../x', 'a b', 'a/../b']) {
      expect(await refusalCode(() => hubSource(name))).toBe('unsupported-source');
    }
  });
});

it('reads what we write in the reader of @huggingface/hub', async () => {
  const target = memoryTarget();
  const tensors = [
    { name: 'layer.weight', dtype: 'BF16', shape: [3, 5] },
    { name: 'layer.bias', dtype: 'F32', shape: [3] },
    { name: 'ünï', dtype: 'F8_E4M3', shape: [7] },
  ] as const;
  const writer = await createCheckpointWriter({
    target,
    tensors,
    maxShardSize: 30,
    files: [['config.json', '{}']],
  });
  for (const [name, size] of [
    ['layer.weight', 30],
    ['layer.bias', 12],
    ['ünï', 7],
  ] as const) {
    await writer.write(name, new Uint8Array(size));
  }
  await writer.close();
  expect([...target.files.keys()]).toHaveLength(5);
  await withServer(hubDouble('me/model', Object.fromEntries(target.files)).handler, async (hubUrl) => {
    const sha = 'c0ffee0000000000000000000000000000000000';
    const parsed = await parseSafetensorsMetadata({
      repo: 'me/model',
      path: 'model.safetensors.index.json',
      hubUrl,
      revision: sha,
      computeParametersCount: true,
    });
    expect(parsed.sharded).toBe(true);
    expect(parsed.parameterCount).toEqual({ BF16: 15, F32: 3, F8_E4M3: 7 });
  });
});
