import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';
import { chromium, type Page } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome'];
/** The browser on the path, or `undefined`. */
export const chromiumPath =
  process.env.CHROMIUM_PATH ??
  (process.env.PATH ?? '')
    .split(':')
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(existsSync);
if (!chromiumPath && process.env.REQUIRE_BROWSER === '1')
  throw new Error('REQUIRE_BROWSER=1, but there is no Chromium');
if (!chromiumPath)
  console.warn('tensor-gpu: the browser tests are skipped, there is no Chromium on the PATH');

/** WebGPU and WebGL2 without a graphics card, on one Vulkan in software: only so do canvases show what WebGPU computes. */
const softwareGpu = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--use-angle=swiftshader',
  '--ignore-gpu-blocklist',
];

/** A program as one script for pages. */
export async function bundle(options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@weightloom/source'],
    ...options,
  });
  return outputFiles![0].text;
}

/** A browser whose pages load `script`; those under `/isolated/` are cross-origin isolated, those under `/strict/` evaluate no text. */
export async function openBrowser(
  script: string,
): Promise<{ open: (path: string, global: string) => Promise<Page>; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/isolated')) {
      response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
      response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    }
    if (request.url?.startsWith('/strict'))
      response.setHeader('Content-Security-Policy', "script-src 'self' 'wasm-unsafe-eval'");
    const isScript = request.url?.endsWith('.js');
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(
      isScript ? script : '<!doctype html><meta charset="utf-8"><script type="module" src="run.js"></script>',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const browser = await chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: ['--no-sandbox', ...softwareGpu],
  });
  return {
    open: async (path, global) => {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${port}/${path}`);
      await page.waitForFunction(`typeof ${global} !== 'undefined'`);
      return page;
    },
    close: async () => {
      await browser.close();
      server.close();
    },
  };
}
