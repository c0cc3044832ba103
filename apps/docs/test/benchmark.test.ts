import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { factors, productError, referenceLosses } from '../src/bench/problems.js';
import { weightloomEngine } from '../src/bench/engines/weightloom.js';
import { findBrowser } from './support/find-browser.js';
import { buildSite, openSite, type SiteSession } from './support/serve-site.js';

describe('the answers of the benchmark', () => {
  it('find a product with one wrong row', async () => {
    const n = 64;
    const [a, b] = factors(n);
    const product = new Float32Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        for (let k = 0; k < n; k++) product[i * n + j]! += a[i * n + k]! * b[k * n + j]!;
    expect(productError(n, product)).toBeLessThan(1e-6);
    product.fill(0, n * 20, n * 21);
    expect(productError(n, product)).toBeGreaterThan(1e-2);
  });

  it('have losses that fall, and that our engine agrees with', async () => {
    const expected = referenceLosses(3);
    expect(expected[2]).toBeLessThan(expected[0]!);
    const work = (await weightloomEngine('wasm')).training();
    for (const loss of expected) expect(await work.step()).toBeCloseTo(loss, 4);
    work.dispose();
  });
});

const executablePath = findBrowser();

describe.skipIf(!executablePath)('the benchmark in a browser', () => {
  let site: SiteSession;
  beforeAll(async () => {
    buildSite();
    site = await openSite(executablePath!, 'lenient');
  }, 240_000);
  afterAll(() => site?.close());

  it('finds every engine right, times those on the CPU, and shows no speed of a software GPU', async () => {
    const page = await site.open('tools/benchmark.html');
    await page.waitForSelector('.machine li');
    for (const size of ['512', '1024']) await page.getByLabel(size, { exact: true }).uncheck();
    await page.click('.bench-tool .run');
    await page.waitForSelector('.bench-tool[data-state="done"], .bench-tool[data-state="failed"]', {
      timeout: 170_000,
    });
    const rows = await page.$$eval('.outcomes tbody tr', (list) =>
      list.map((row) => [...row.children].map((cell) => cell.textContent!.trim())),
    );
    const byName = new Map(rows.map(([name, ...cells]) => [name!, cells]));
    for (const name of ['Weightloom wasm', 'tfjs wasm', 'jax-js wasm']) {
      const [product, step] = byName.get(name)!;
      expect(product, name).toMatch(/GFLOP\/s$/);
      expect(step, name).toMatch(/ms$/);
    }
    for (const [name, [product, step, note]] of byName) {
      if (!/webg/.test(name)) continue;
      if (note!.startsWith('failed')) console.warn(`${name}: ${note}`);
      else
        expect([product, step, note!.split(':')[0]], name).toEqual(['right', 'right', 'checked, not timed']);
    }
    await page.waitForSelector('.bench-tool figure:nth-child(2) svg');
    expect(await page.locator('.bench-tool figure svg').count()).toBe(2);
    await page.close();
  }, 180_000);
});
