import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rows } from '../conformance/cases.js';
import { checks, type Demand } from '../conformance/check.js';
import { bundle, chromiumPath, openBrowser } from './chromium.js';
import type { Outcome } from './conformance-page.js';

/** As for the reference backends, whose kernels these are. */
const demand: Demand = { tolerance: 1e-5, thorough: false };
/** Rows a call into the page checks: few calls cost little, and a page that hangs is found soon. */
const ROWS = 25;

/** The conformance table on a GPU backend in a page, as far as its rows depend on the backend. */
export function conformsOn(name: 'webgpu' | 'webgl2'): void {
  describe.skipIf(!chromiumPath)(`the conformance table on ${name}`, () => {
    let browser: Awaited<ReturnType<typeof openBrowser>>;
    let page: Page;
    beforeAll(async () => {
      const entry = fileURLToPath(new URL('conformance-page.ts', import.meta.url));
      browser = await openBrowser(await bundle({ entryPoints: [entry] }));
      page = await browser.open('', 'conformance');
      await page.evaluate(`useBackend('${name}')`);
    });
    afterAll(() => browser?.close());

    for (const { title, applies } of checks.filter((check) => check.everyBackend)) {
      it(`every row ${title}`, { timeout: 300_000 }, async () => {
        const count = rows.filter(applies).length;
        const failures: string[] = [];
        for (let from = 0; from < count; from += ROWS) {
          const call = `conformance(${JSON.stringify(title)}, ${from}, ${from + ROWS}, ${JSON.stringify(demand)})`;
          const outcomes: Outcome[] = await page.evaluate(call);
          expect(outcomes.length).toBe(Math.min(ROWS, count - from));
          for (const { row, error } of outcomes) if (error !== null) failures.push(`${row}: ${error}`);
        }
        expect(failures).toEqual([]);
      });
    }

    it('left to the wasm core what kernels cannot express, and nothing else', async () => {
      expect(await page.evaluate('weightloom.backendReport()')).toEqual({
        name,
        handedToWasm: [
          'argsort of whole numbers beyond 2^24',
          'cast to bfloat16',
          'cast to float16',
          'cast to int8',
          'concat of whole numbers beyond 2^24',
          'draw',
          'gather of whole numbers beyond 2^24',
          'map of whole numbers beyond 2^24',
        ],
        passedOver: [],
      });
    });
  });
}
