import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from '../src/examples.js';
import type { RunAnswer } from '../src/run-request.js';
import { findBrowser } from './support/find-browser.js';
import { buildSite, openSite, type SiteSession } from './support/serve-site.js';

const executablePath = findBrowser();

/**
 * Programs in place of GPUs are slow, and other tests run every page on wasm: here the examples take turns on the other backends,
 * one each, then a second one each, as far as this time reaches. `ALL_BACKENDS=1` runs every example on every backend.
 */
const BUDGET_MS = process.env['ALL_BACKENDS'] === '1' ? Infinity : 180_000;
const PATIENCE_MS = process.env['ALL_BACKENDS'] === '1' ? 180_000 : 45_000; // for one example on one of them

beforeAll(buildSite, 240_000);

const TOO_SLOW = 'too slow here';
const others = ['webgpu', 'webgl2', 'gpujs-wasm'] as const;

/** Runs the example of an open page for a handful of steps on a backend, as its page does; what it gives, or why it fails. */
async function runOn(page: Page, backend: string, patience: number): Promise<RunAnswer | string> {
  await page.hover('.backend-select');
  await page.waitForSelector(`.backend-select option[value="${backend}"]`, { state: 'attached' });
  await page.selectOption('.backend-select select', backend);
  await page.click('.live-example .run');
  const ended = (state: string) =>
    page.waitForSelector(`.live-example[data-state="${state}"]`, { timeout: patience });
  await page.waitForSelector('.live-example[data-state="running"]', { timeout: 5000 }).catch(() => undefined);
  try {
    await Promise.any([ended('done'), ended('failed')]);
  } catch {
    await page.click('.live-example .stop');
    await page.waitForSelector('.live-example[data-state="stopped"]');
    return TOO_SLOW;
  }
  const status = (await page.textContent('.live-example .status'))!;
  if (!status.startsWith('Done in')) return status;
  return page.$eval('.live-example .download', async (link) =>
    (await fetch((link as HTMLAnchorElement).href)).json(),
  ) as Promise<RunAnswer>;
}

/** Whether every number in a result is finite; JSON writes `null` for those that are not. */
function isFinite(value: unknown): boolean {
  if (typeof value !== 'object') return typeof value !== 'number' || Number.isFinite(value);
  return value !== null && Object.values(value).every(isFinite);
}

describe.skipIf(!executablePath)('the examples on the other backends of a browser', () => {
  let site: SiteSession;
  let backends: string[] = [];
  let spent = 0;
  beforeAll(async () => {
    site = await openSite(executablePath!, 'lenient');
    const page = await site.open('tools/benchmark.html');
    await page.waitForSelector('.machine li');
    const listed = await page.$$eval('.machine li', (items) =>
      items.map((item) => [
        item.querySelector('code')!.textContent!,
        item.querySelector('.tag')!.textContent!,
      ]),
    );
    await page.close();
    backends = listed.filter(([, tag]) => tag === 'works').map(([name]) => name!);
    const missing = listed.filter(([, tag]) => tag !== 'works').map(([name]) => name!);
    if (missing.length > 0) console.warn(`backends that do not work here: ${missing.join(', ')}`);
  }, 60_000);

  it('are all there are, at least where a browser is a must', () => {
    const wanted = process.env['REQUIRE_BROWSER'] === '1' ? ['wasm', ...others] : ['wasm', 'gpujs-wasm'];
    expect(backends).toEqual(expect.arrayContaining(wanted));
  });

  const left = new Map<string, number>();
  afterAll(async () => {
    await site?.close();
    if (withoutTensors.size > 0)
      console.warn(`compute without tensors, so run once: ${[...withoutTensors].join(', ')}`);
    for (const [backend, count] of left)
      console.warn(`${count} examples were not run on ${backend}, for lack of time`);
  });

  const paths = examples.map((example) => `${example.package}/${example.id}`);
  const withoutTensors = new Set<string>();
  const open = (path: string): Promise<Page> => site.open(`papers/${path}.html?quick`);

  const rounds = others.flatMap((_, round) =>
    paths.map((path, i) => ({ path, backend: others[(i + round) % others.length]! })),
  );
  it.each(rounds)(
    'runs $path quickly on $backend, with finite numbers',
    async ({ path, backend }) => {
      if (withoutTensors.has(path) || !backends.includes(backend)) return;
      if (spent > BUDGET_MS) {
        left.set(backend, (left.get(backend) ?? 0) + 1);
        return;
      }
      const page = await open(path);
      const start = performance.now();
      const answer = await runOn(page, backend, PATIENCE_MS);
      spent += performance.now() - start;
      await page.close();
      if (answer === TOO_SLOW) {
        console.warn(`${path} on ${backend} is stopped after ${PATIENCE_MS / 1000} s`);
        return;
      }
      if (typeof answer === 'string') throw new Error(`${path} on ${backend}: ${answer}`);
      const { result, choice, tensorBytes } = answer;
      expect(isFinite(result)).toBe(true);
      expect(choice.backend).toBe(backend);
      if (tensorBytes === 0) withoutTensors.add(path);
      else expect(result.backend).toBe(backend);
    },
    240_000,
  );
});
