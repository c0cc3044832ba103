import { type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from '../src/examples.js';
import { deadLinks } from '../src/node/dead-links.js';
import { resultFaults } from '../src/result-faults.js';
import type { RunAnswer } from '../src/run-request.js';
import { findBrowser } from './support/find-browser.js';
import { buildSite, openSite, siteFolder, type SiteSession } from './support/serve-site.js';

const executablePath = findBrowser();

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

beforeAll(buildSite, 240_000);

it('has no dead link', () => {
  expect(deadLinks(`${siteFolder}.vitepress/dist`, '/')).toEqual([]);
});

describe.skipIf(!executablePath)('the built site in a browser', () => {
  let site: SiteSession;
  beforeAll(async () => {
    site = await openSite(executablePath!);
  });
  afterAll(() => site?.close());

  const state = (page: Page, wanted: string): Promise<unknown> =>
    page.waitForSelector(`.live-example[data-state="${wanted}"]`, { timeout: 110_000 });

  it.each(examples.map((example) => [`${example.package}/${example.id}`] as const))(
    'runs %s in a worker, with a sound result',
    async (path) => {
      const page = await site.open(`papers/${path}.html`);
      expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
      expect(await page.evaluate(evalAllowed)).toBe(false);
      await page.waitForSelector('.live-example figure svg');
      await page.fill('.live-example input', '1');
      await page.click('.live-example .run');
      await Promise.race([state(page, 'done'), state(page, 'failed')]);
      expect(await page.textContent('.live-example .status')).toMatch(/^Done in/);
      const { result, choice } = (await page.$eval('.live-example .download', async (link) =>
        (await fetch((link as HTMLAnchorElement).href)).json(),
      )) as RunAnswer;
      expect(resultFaults(result, 1)).toEqual([]);
      // The only GPU here is a program, and nothing may make code: `auto` takes the WebAssembly core.
      expect([result.backend, choice.backend]).toEqual(['wasm', 'wasm']);
      expect(await page.textContent('.live-example .backend')).toBe(result.backend);
      expect(await page.textContent('.live-example .backend-note')).toContain(choice.why);
      expect(await page.locator('.live-example figure svg').count()).toBe(result.charts.length);
      await page.close();
    },
    120_000,
  );

  it('stops a run', async () => {
    // The longest example; Stop is pressed from inside the page, so that the run cannot end before.
    const page = await site.open('papers/quantile/presto.html');
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

  it('says which backends do not work under this policy, and why a run on one fails', async () => {
    const page = await site.open('papers/quantile/split-conformal.html');
    await page.hover('.backend-select');
    await page.waitForSelector('.backend-select option[value="gpujs-wasm"]', { state: 'attached' });
    const blocked = page.locator('.backend-select option[value="gpujs-wasm"]');
    expect(await blocked.isDisabled()).toBe(true);
    expect(await blocked.getAttribute('title')).toContain('content security policy');
    await page.close();
  }, 60_000);

  it('shows the papers and the guide, asks no other host for anything, and reports no error', async () => {
    for (const path of ['', 'papers/', 'guide/getting-started.html', 'api/', 'tools/benchmark.html']) {
      const page = await site.open(path);
      expect(await page.textContent('h1')).toBeTruthy();
      await page.close();
    }
    expect(site.foreign).toEqual([]);
    expect(site.errors).toEqual([]);
  }, 60_000);
});
