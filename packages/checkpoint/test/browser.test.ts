import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { build } from 'vite';
import type * as Api from '../src/index.js';
import { fileServer, withServer } from './http-double.js';
import { temporaryFolder } from './node/temporary-folder.js';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const folders = (process.env.PATH ?? '').split(':');
const browserPath =
  process.env.CHROMIUM_PATH ??
  folders.flatMap((folder) => names.map((name) => join(folder, name))).find(existsSync);
if (!browserPath && process.env.REQUIRE_BROWSER === '1')
  throw new Error('REQUIRE_BROWSER=1, but there is no Chromium');
if (!browserPath) console.warn('checkpoint: the browser test is skipped, there is no Chromium on the PATH');

it.skipIf(!browserPath)(
  'reads and writes checkpoints in a browser and in a worker of it',
  { timeout: 120_000 },
  async () => {
    const outDir = await temporaryFolder();
    await build({
      configFile: false,
      logLevel: 'silent',
      resolve: { conditions: ['@weightloom/source', 'browser', 'import'] },
      build: {
        lib: {
          entry: fileURLToPath(new URL('../src/index.ts', import.meta.url)),
          formats: ['es'],
          fileName: 'api',
        },
        outDir,
      },
    });
    const worker = `import * as api from './api.js'; const run = ${inBrowser.toString()}; run(api, location.origin).then(postMessage);`;
    const text = (content: string) => new TextEncoder().encode(content);
    const files = {
      '': text('<!doctype html><title>checkpoint</title>'),
      'api.js': await readFile(join(outDir, 'api.js')),
      'worker.js': text(worker),
      'remote.safetensors': await readFile(new URL('golden/numpy.safetensors', import.meta.url)),
    };
    const types: Record<string, string> = {
      '': 'text/html',
      'api.js': 'text/javascript',
      'worker.js': 'text/javascript',
    };
    const { handler } = fileServer(files);
    const server: typeof handler = (request, response) => {
      const type = types[request.url!.slice(1)];
      if (type) response.setHeader('content-type', type);
      handler(request, response);
    };
    const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
    try {
      await withServer(server, async (url) => {
        const page = await browser.newPage();
        await page.goto(url);
        const expected = {
          names: ['a', 'b'],
          slab: [2, 3],
          files: 3,
          remote: [1, -2, 0.5],
          refused: 'already-exists',
          left: 3,
        };
        const inPage = `import('/api.js').then((api) => (${inBrowser.toString()})(api, location.origin))`;
        expect(await page.evaluate(inPage)).toEqual(expected);
        const inWorker = `new Promise((resolve, reject) => {
        const worker = new Worker('/worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      })`;
        expect(await page.evaluate(inWorker)).toEqual(expected);
      });
    } finally {
      await browser.close();
    }
  },
);

/** Runs in the browser, from its source text: writes shards into the origin-private file system and reads them back. */
async function inBrowser(api: typeof Api, origin: string) {
  const root = await navigator.storage.getDirectory();
  const directory = await root.getDirectoryHandle('model', { create: true });
  const tensors = [
    { name: 'a', dtype: 'U8' as const, shape: [3] },
    { name: 'b', dtype: 'F32' as const, shape: [1] },
  ];
  const write = async (overwrite: boolean) => {
    const target = api.directoryTarget(directory, { overwrite });
    const writer = await api.createCheckpointWriter({ target, tensors, maxShardSize: 4 });
    await writer.write('b', api.fromFloat32(Float32Array.of(1.5), 'F32'));
    await writer.write('a', Uint8Array.of(1, 2, 3));
    return (await writer.close()).files.length;
  };
  const files = await write(true);
  const refused = await write(false).catch((error: unknown) =>
    api.CheckpointError.isInstance(error) ? error.code : error,
  );
  const checkpoint = await api.openCheckpoint(directory);
  const slab = new Uint8Array(2);
  await checkpoint.readInto('a', [1, 3], slab);
  const remote = await api.openCheckpoint(`${origin}/remote.safetensors`);
  let left = 0;
  for await (const name of directory.keys()) left += name.length > 0 ? 1 : 0;
  return {
    names: [...checkpoint.names],
    slab: [...slab],
    files,
    remote: [...api.toFloat32(await remote.read('fc.bias'))],
    refused,
    left,
  };
}
