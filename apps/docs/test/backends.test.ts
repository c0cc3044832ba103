import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examples } from '../src/examples.js';
import type { RunAnswer } from '../src/run-request.js';
import { findBrowser } from './support/find-browser.js';
import { buildSite, openSite, type SiteSession } from './support/serve-site.js';

const executablePath = findBrowser();

/** Time for backends other than wasm, all examples together: programs in place of GPUs are slow. What is left out is printed. */
const BUDGET_MS = 90_000;
const PATIENCE_MS = 20_000; // for one example on one of them

// WebGPU can be read only asynchronously; the references of gpu.js take a WebAssembly memory for every kernel.
const KNOWN_LIMITS = /dataSync|WebAssembly\.Memory|too slow/;

beforeAll(buildSite, 240_000);

/** Runs the example of an open page for a handful of steps on a backend, as its page does; what it gives, or why it fails. */
async function runOn(page: Page, backend: string, patience = 110_000): Promise<RunAnswer | string> {
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
    return 'too slow here';
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

describe.skipIf(!executablePath)('the examples on every backend of a browser', () => {
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
  afterAll(() => site?.close());

  it('are at least the WebAssembly core and a reference of gpu.js', () => {
    expect(backends).toEqual(expect.arrayContaining(['wasm', 'gpujs-wasm']));
  });

  it.each(examples.map((example) => [`${example.package}/${example.id}`] as const))(
    'runs %s quickly, with finite numbers',
    async (path) => {
      const page = await site.open(`papers/${path}.html?quick`);
      const first = await runOn(page, 'wasm');
      if (typeof first === 'string') throw new Error(`${path} on wasm: ${first}`);
      expect(first.result.backend).toBe('wasm');
      expect(isFinite(first.result)).toBe(true);
      if (first.tensorBytes === 0) {
        console.warn(`${path}: computes without tensors, so it is run on wasm only`);
      } else {
        for (const backend of backends.filter((name) => name !== 'wasm' && name !== 'gpujs-cpu')) {
          if (spent > BUDGET_MS) {
            console.warn(`${path} is not run on ${backend}: the time for that is used up`);
            continue;
          }
          const start = performance.now();
          const answer = await runOn(page, backend, PATIENCE_MS);
          spent += performance.now() - start;
          // The page says why, and so does this line; any other failure, and any wrong number, counts.
          if (typeof answer === 'string') {
            expect(answer, `${path} on ${backend}`).toMatch(KNOWN_LIMITS);
            console.warn(`${path} does not run on ${backend}: ${answer}`);
            continue;
          }
          const { result, choice } = answer;
          expect([choice.backend, result.backend], path).toEqual([backend, backend]);
          expect(isFinite(result), `${path} on ${backend}`).toBe(true);
        }
      }
      await page.close();
    },
    240_000,
  );
});
