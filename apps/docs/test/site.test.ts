import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { preview, type PreviewServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from '../src/examples.js';
import { isolationHeaders } from '../src/isolation-headers.js';
import { deadLinks } from '../src/node/dead-links.js';
import { resultFaults } from '../src/result-faults.js';
import type { RunAnswer } from '../src/run-request.js';
import { findBrowser } from './support/find-browser.js';

const folder = fileURLToPath(new URL('..', import.meta.url));
const executablePath = findBrowser();

// The policy the guide names for pages that use the wasm path; the site's own start-up script is inline.
const policy =
  "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self' blob:";

/** Whether the page may evaluate code; asked from a timer, since the driver's own calls are above the policy. */
const evalAllowed = (): Promise<boolean> =>
  new Promise((resolve) => {
    setTimeout(() => {
      try {
        resolve(new Function('return true')() as boolean);
      } catch {
        resolve(false);
      }
    });
  });

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
  });
}, 180_000);

it('has no dead link', () => {
  expect(deadLinks(`${folder}.vitepress/dist`, '/')).toEqual([]);
});

describe.skipIf(!executablePath)('the built site in a browser', () => {
  let server: PreviewServer;
  let browser: Browser;
  let site: string;
  const foreign: string[] = [];
  const errors: string[] = [];

  beforeAll(async () => {
    const headers = { ...isolationHeaders, 'Content-Security-Policy': policy };
    server = await preview({
      configFile: `${folder}preview.config.ts`,
      root: folder,
      preview: { port: 0, headers },
    });
    site = server.resolvedUrls!.local[0]!;
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
    });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(path: string): Promise<Page> {
    const page = await browser.newPage();
    page.on('request', (request) => {
      if (!request.url().startsWith(site) && !/^(blob|data):/.test(request.url()))
        foreign.push(request.url());
    });
    page.on('console', (message) => message.type() === 'error' && errors.push(`${path}: ${message.text()}`));
    page.on('pageerror', (error) => errors.push(`${path}: ${error.message}`));
    await page.goto(site + path, { waitUntil: 'networkidle' });
    return page;
  }

  const state = (page: Page, wanted: string): Promise<unknown> =>
    page.waitForSelector(`.live-example[data-state="${wanted}"]`, { timeout: 110_000 });

  it.each(examples.map((example) => [`${example.package}/${example.id}`] as const))(
    'runs %s in a worker, with a sound result',
    async (path) => {
      const page = await open(`papers/${path}.html`);
      expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
      expect(await page.evaluate(evalAllowed)).toBe(false);
      await page.waitForSelector('.live-example figure svg');
      await page.fill('.live-example input', '1');
      await page.click('.live-example .run');
      await Promise.race([state(page, 'done'), state(page, 'failed')]);
      expect(await page.textContent('.live-example .status')).toMatch(/^Done in/);
      const { result } = (await page.$eval('.live-example .download', async (link) =>
        (await fetch((link as HTMLAnchorElement).href)).json(),
      )) as RunAnswer;
      expect(resultFaults(result, 1)).toEqual([]);
      expect(await page.textContent('.live-example .backend')).toBe(result.backend);
      expect(await page.locator('.live-example figure svg').count()).toBe(result.charts.length);
      await page.close();
    },
    120_000,
  );

  it('stops a run', async () => {
    // The longest example; Stop is pressed from inside the page, so that the run cannot end before.
    const page = await open('papers/quantile/presto.html');
    await page.evaluate(async () => {
      const button = (name: string) => document.querySelector<HTMLButtonElement>(`.live-example .${name}`)!;
      button('run').click();
      while (!button('stop') || button('stop').disabled) await new Promise((next) => setTimeout(next));
      button('stop').click();
    });
    await state(page, 'stopped');
    expect(await page.isEnabled('.live-example .run')).toBe(true);
    await page.close();
  }, 120_000);

  it('shows the papers and the guide, asks no other host for anything, and reports no error', async () => {
    for (const path of ['', 'papers/', 'guide/getting-started.html', 'api/']) {
      const page = await open(path);
      expect(await page.textContent('h1')).toBeTruthy();
      await page.close();
    }
    expect(foreign).toEqual([]);
    expect(errors).toEqual([]);
  });
});
