import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleGpu } from '../../scripts/bundle-gpu.mjs';
import { bundle, chromiumPath, openBrowser } from './chromium.js';

const resolveDir = fileURLToPath(new URL('../../src', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'published-'));
  await bundleGpu(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));
const alias = (): Record<string, string> => ({ '#gpu.js': join(folder, 'gpu.chunk.js') });

/** Multiplies on some backends; what each gives, or why it does not. */
const contents = `
import { add, backendReport, initBackend, matmul, ones, resetBackend, setBackend } from './index.js';
globalThis.run = async (names) => {
  const found = {};
  for (const name of names) {
    resetBackend();
    try {
      setBackend(await initBackend(name));
      const values = await matmul(add(ones([70, 40]), 1), ones([40, 80])).data();
      found[name] = [backendReport().name, backendReport().handedToWasm.length, values.every((v) => v === 80)];
    } catch (error) {
      found[name] = String(error);
    }
  }
  return found;
};`;

describe.skipIf(!chromiumPath)('the published chunk of gpu.js', () => {
  let browser: Awaited<ReturnType<typeof openBrowser>>;
  beforeAll(async () => {
    browser = await openBrowser(
      await bundle({ stdin: { contents, resolveDir, loader: 'ts' }, alias: alias() }),
    );
  });
  afterAll(() => browser.close());

  it('serves every backend in a page', async () => {
    const page = await browser.open('', 'run');
    const names = ['webgpu', 'webgl2', 'gpujs-wasm', 'gpujs-cpu'];
    const want = Object.fromEntries(names.map((name) => [name, [name, 0, true]]));
    expect(await page.evaluate(`run(${JSON.stringify(names)})`)).toEqual(want);
  });

  it('serves the GPU backends where a policy forbids to evaluate text', async () => {
    const page = await browser.open('strict/', 'run');
    expect(await page.evaluate("run(['wasm', 'webgpu', 'webgl2', 'gpujs-cpu'])")).toEqual({
      wasm: ['wasm', 0, true],
      webgpu: ['webgpu', 0, true],
      webgl2: ['webgl2', 0, true],
      'gpujs-cpu': expect.stringMatching(/^BackendError: initBackend\('gpujs-cpu'\): .*unsafe-eval/),
    });
  });
});

it('a page that multiplies and differentiates loads at most 60 KB; gpu.js and the GPU backends come when asked for', async () => {
  const entry = "export { grad, initBackend, matmul } from './index.js';";
  const { outputFiles, metafile } = await build({
    stdin: { contents: entry, resolveDir, loader: 'ts' },
    alias: alias(),
    conditions: ['@weightloom/source'],
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    outdir: folder,
  });
  // What the entry imports statically, chunk by chunk.
  const needed = new Set<string>();
  const visit = (path: string): void => {
    if (needed.has(path)) return;
    needed.add(path);
    for (const { path: next, kind } of metafile.outputs[path].imports)
      if (kind === 'import-statement') visit(next);
  };
  visit(Object.keys(metafile.outputs).find((path) => metafile.outputs[path].entryPoint === '<stdin>')!);
  const parts = [...needed].flatMap((path) => Object.keys(metafile.outputs[path].inputs));
  expect(parts.filter((path) => /gpu\.chunk|webgpu|webgl2|resident/.test(path))).toEqual([]);
  const bytes = outputFiles
    .filter(({ path }) => [...needed].some((name) => path.endsWith(name.split('/').at(-1)!)))
    .reduce((sum, { contents: code }) => sum + gzipSync(code).length, 0);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(60_000);
});
