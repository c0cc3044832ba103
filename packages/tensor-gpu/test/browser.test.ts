import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
const found =
  process.env.CHROMIUM_PATH ??
  (process.env.PATH ?? '')
    .split(':')
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(existsSync);
if (!found && process.env.REQUIRE_BROWSER === '1')
  throw new Error('REQUIRE_BROWSER=1, but there is no Chromium');
if (!found) console.warn('tensor-gpu: the browser tests are skipped, there is no Chromium on the PATH');

/** What runs in the page: a training step and products, alone and with helpers, compared bit by bit. */
const program = `
import { backendReport, grad, key, matmul, mean, normal, setThreads, square, sum, tanh } from './index.js';
import { executorOf } from './backend.js';

const work = () => {
  const [a, b] = [normal(key(1), [160, 140]), normal(key(2), [140, 180])];
  const g = grad((w) => mean(square(tanh(matmul(a, w)))))(b);
  return [matmul(a, b), g, sum(matmul(a, b), { axis: 0 })].flatMap((t) => [...t.dataSync()]);
};
globalThis.run = async () => {
  const alone = work();
  if (!crossOriginIsolated) {
    let refused = '';
    try { setThreads(2); } catch (error) { refused = error.message; }
    return { backend: backendReport().name, values: alone.length, refused };
  }
  setThreads(3);
  const { pool } = executorOf('wasm');
  for (let i = 0; i < 500 && !pool.ready; i++) await new Promise((r) => setTimeout(r, 10));
  const shared = work();
  return {
    backend: backendReport().name,
    values: alone.length,
    same: shared.every((v, i) => Object.is(v, alone[i])),
    dispatches: pool.dispatches,
  };
};
`;

let script = '';
let stop: (() => Promise<void>) | null = null;
let evaluate: (isolated: boolean) => Promise<Record<string, unknown>>;
beforeAll(async () => {
  if (!found) return;
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: fileURLToPath(new URL('../src', import.meta.url)), loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['#gpu.js', 'gpu.js'],
    conditions: ['@weightloom/source'],
  });
  script = outputFiles[0].text;
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/isolated')) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    const isScript = request.url?.endsWith('.js');
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript ? script : '<!doctype html><title>t</title><script type="module" src="run.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const browser = await chromium.launch({ executablePath: found, headless: true, args: ['--no-sandbox'] });
  stop = async () => {
    await browser.close();
    server.close();
  };
  evaluate = async (isolated) => {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/${isolated ? 'isolated/' : ''}`);
    await page.waitForFunction('typeof run === "function"');
    return page.evaluate('run()');
  };
});
afterAll(() => stop?.());

it.skipIf(!found)('computes on the main thread of a page, and with helpers gives the same bits', async () => {
  const result = await evaluate(true);
  expect(result).toMatchObject({ backend: 'wasm', values: 160 * 180 + 140 * 180 + 180, same: true });
  expect(result.dispatches).toBeGreaterThan(0);
});

it.skipIf(!found)('refuses threads in a page that is not cross-origin isolated, with the cure', async () => {
  const { backend, refused } = await evaluate(false);
  expect(backend).toBe('wasm');
  expect(refused).toMatch(/Cross-Origin-Opener-Policy: same-origin/);
});
