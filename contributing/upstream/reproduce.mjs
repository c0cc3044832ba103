// Runs the reproductions of this folder against the installed gpu.js: node reproduce.mjs [word in the name]
// A reproduction gives { expected, received } for one mode of gpu.js; it reproduces when the two differ. Modes of a GPU run in Chromium on
// software adapters. Exit code 1: something no longer reproduces, so its text may go.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const fromPackage = createRequire(join(root, 'packages/tensor-gpu/package.json'));
const gpuFolder = dirname(fromPackage.resolve('gpu.js/package.json'));
const { GPU } = fromPackage('gpu.js');
const names = readdirSync(here).filter((f) => f.endsWith('.repro.mjs') && f.includes(process.argv[2] ?? ''));

/** A page with gpu.js as `GPU`, or `null` without a browser. */
async function openPage() {
  const executablePath =
    process.env.CHROMIUM_PATH ??
    process.env.PATH.split(':')
      .map((folder) => join(folder, 'chromium'))
      .find(existsSync);
  if (!executablePath) return null;
  const { chromium } = createRequire(join(root, 'package.json'))('playwright-core');
  const server = createServer((request, response) => {
    const isPage = request.url === '/';
    if (!isPage && !request.url.endsWith('js')) return response.writeHead(404).end();
    const file = request.url === '/gpu.js' ? join(gpuFolder, 'dist/gpu-browser.js') : join(here, request.url);
    response.setHeader('Content-Type', isPage ? 'text/html' : 'text/javascript');
    response.end(isPage ? '<!doctype html><script src="gpu.js"></script>' : readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const args = ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
  const browser = await chromium.launch({ executablePath, headless: true, args });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  return { page, close: () => browser.close().then(() => server.close()) };
}

const opened = await openPage();
let fixed = 0;
for (const name of names) {
  const { modes, default: run } = await import(join(here, name));
  for (const mode of modes) {
    const inPage = mode.startsWith('webg') || mode.endsWith('in a page');
    if (inPage && !opened) {
      console.log(`${name} ${mode}: skipped, there is no Chromium on the PATH`);
      continue;
    }
    const { expected, received } = inPage
      ? await opened.page.evaluate(`import('/${name}').then((m) => m.default(GPU, '${mode}'))`)
      : await run(GPU, mode);
    const same = JSON.stringify(expected) === JSON.stringify(received);
    if (same) fixed++;
    console.log(
      `${name} ${mode}: ${same ? 'NO LONGER REPRODUCES' : 'reproduces'}; expected ${JSON.stringify(expected)}, received ${JSON.stringify(received)}`,
    );
  }
}
await opened?.close();
process.exit(fixed > 0 ? 1 : 0);
