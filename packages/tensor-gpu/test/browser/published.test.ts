import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

it.skipIf(!chromiumPath)('the published chunk of gpu.js serves every backend in a page', async () => {
  const contents = `
    import { add, backendReport, initBackend, matmul, ones, resetBackend, setBackend } from './index.js';
    globalThis.run = async () => {
      const found = [];
      for (const name of ['webgpu', 'webgl2', 'gpujs-wasm', 'gpujs-cpu']) {
        resetBackend();
        setBackend(await initBackend(name));
        const values = await matmul(add(ones([70, 40]), 1), ones([40, 80])).data();
        found.push([backendReport().name, backendReport().handedToWasm.length, values.every((v) => v === 80)]);
      }
      return found;
    };`;
  const browser = await openBrowser(
    await bundle({ stdin: { contents, resolveDir, loader: 'ts' }, alias: alias() }),
  );
  const page = await browser.open('', 'run');
  expect(await page.evaluate('run()')).toEqual(
    ['webgpu', 'webgl2', 'gpujs-wasm', 'gpujs-cpu'].map((name) => [name, 0, true]),
  );
  await browser.close();
});

it('a page that multiplies and differentiates loads at most 60 KB; gpu.js and the GPU backends come when asked for', async () => {
  const contents = "export { grad, initBackend, matmul } from './index.js';";
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir, loader: 'ts' },
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
