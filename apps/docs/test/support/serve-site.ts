import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { preview } from 'vite';
import { isolationHeaders } from '../../src/isolation-headers.js';

/** The folder of this app. */
export const siteFolder = fileURLToPath(new URL('../..', import.meta.url));

// The policy the guide names for pages that use the wasm path; the site's own start-up script is inline.
const strict =
  "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' blob:";
// gpu.js makes code, and so do the engines of the benchmark, some of them in workers of their own.
const lenient =
  "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob:; connect-src 'self' blob: data:";

/** WebGPU and WebGL2 without a graphics card, on one Vulkan in software: only so do canvases show what WebGPU computes. */
const softwareGpu = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
  '--use-angle=swiftshader',
  '--ignore-gpu-blocklist',
];

/** Builds the site when a source has changed. */
export function buildSite(): void {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale'], {
    cwd: siteFolder,
    stdio: ['ignore', 2, 2],
  });
}

/** The built site in a browser. */
export interface SiteSession {
  /** Opens a page; its errors and its requests to other hosts are collected. */
  open(path: string): Promise<Page>;
  readonly foreign: readonly string[];
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** Serves the built site and starts a browser for it. */
export async function openSite(
  executablePath: string,
  policy: 'strict' | 'lenient' = 'strict',
): Promise<SiteSession> {
  const server = await preview({
    configFile: `${siteFolder}preview.config.ts`,
    root: siteFolder,
    preview: {
      port: 0,
      headers: { ...isolationHeaders, 'Content-Security-Policy': policy === 'strict' ? strict : lenient },
    },
  });
  const site = server.resolvedUrls!.local[0]!;
  let browser: Browser;
  try {
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', ...softwareGpu],
    });
  } catch (error) {
    await server.close();
    throw error;
  }
  const foreign: string[] = [];
  const errors: string[] = [];
  return {
    foreign,
    errors,
    async open(path) {
      const page = await browser.newPage();
      page.on('request', (request) => {
        if (!request.url().startsWith(site) && !/^(blob|data):/.test(request.url()))
          foreign.push(request.url());
      });
      page.on(
        'console',
        (message) => message.type() === 'error' && errors.push(`${path}: ${message.text()}`),
      );
      page.on('pageerror', (error) => errors.push(`${path}: ${error.message}`));
      await page.goto(site + path, { waitUntil: 'networkidle' });
      return page;
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
