import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Found, Tests } from './attention-page.js';
import { bundle, chromiumPath, openBrowser } from './chromium.js';

let browser: Awaited<ReturnType<typeof openBrowser>> | null = null;
let page: Page;
beforeAll(async () => {
  if (!chromiumPath) return;
  const entry = fileURLToPath(new URL('attention-page.ts', import.meta.url));
  browser = await openBrowser(await bundle({ entryPoints: [entry] }));
  page = await browser.open('', 'attentionTests');
});
afterAll(() => browser?.close());

const call = <T>(name: keyof Tests, ...args: unknown[]): Promise<T> =>
  page.evaluate(`attentionTests.${name}(...${JSON.stringify(args)})`);

/** The kernel of each case. */
const fused: Record<string, string> = {
  'attention of a few': 'attention [6,5,4] [6,4,5] [6,5,4]',
  'attention of ragged tiles': 'attention [3,33,64] [3,64,65] [3,65,64]',
  'attention of other widths': 'attention [2,70,17] [2,17,70] [2,70,33]',
  'attention of one query': 'attention [4,1,16] [4,16,100] [4,100,2]',
  'attention without a scale': 'attention [2,20,8] [2,8,40] [2,40,130]',
  'attention of large logits': 'attention [2,40,16] [2,16,72] [2,72,16]',
  'attention of turned heads': 'attention [6,18,8] [6,8,18] [6,18,8]',
  'attention with a mask': 'attention [4,20,8] [4,8,40] [4,40,8]',
  'attention with a mask that adds': 'attention [6,17,4] [6,4,33] [6,33,4]',
  'attention of width 1': 'softmax [2,20,20]',
  softmax: 'softmax [300,7]',
  'softmax of long rows': 'softmax [3,5000]',
  'softmax of an axis inside': 'softmax [4,50,9]',
  'softmax of a view': 'softmax [9,40]',
  'softmax of what is no number': 'softmax [5,3]',
  logSoftmax: 'logSoftmax [70,33]',
};
/** Scores of thousands, whose last bits weigh more. */
const coarse = 'attention of large logits';
/** Results that the formula leaves undefined: a query that sees nothing, rows of NaN or of infinities. */
const undefinedResults: Record<string, number> = {
  'attention with a mask': 4 * 8,
  'softmax of what is no number': 9,
};

describe.skipIf(!chromiumPath)('on webgpu', () => {
  it('every case of the page is listed here', async () => {
    expect(await call('titles')).toEqual(Object.keys(fused));
  });

  it.each(Object.keys(fused))('%s is one kernel with the values of float64 and wasm', async (title) => {
    const { toFloat64, toWasm, steps, nans } = await call<Found>('compare', title, 'webgpu');
    const room = title === coarse ? 1e-3 : 1e-5;
    expect([toFloat64 < room, toWasm < room, toFloat64, toWasm]).toEqual([true, true, toFloat64, toWasm]);
    expect(nans).toBe(undefinedResults[title] ?? 0);
    const own = steps.filter((s) => /^(attention|softmax|logSoftmax)/.test(s));
    expect(own).toEqual([fused[title]]);
    // Turned heads are brought into order first; of width 1, products are elementwise.
    if (!/turned|width 1/.test(title)) expect(steps).toEqual(own);
  });

  it('attention never writes its scores', async () => {
    const bytes = await call<number>('reserved', 'webgpu');
    expect(bytes).toBeGreaterThanOrEqual(2 * 1024 * 16 * 4);
    expect(bytes).toBeLessThan(2 ** 20);
  });

  it('softmax counts in integers', async () => {
    expect(await call('beyond24Bits', 'webgpu')).toEqual({ wrong: 0, steps: ['softmax [262151,64]'] });
  });

  it('only what nobody else reads is put together', async () => {
    const plans = await call<Record<string, string[]>>('plans', 'webgpu');
    expect(plans['one by one']).toEqual(['attention [6,20,8] [6,8,20] [6,20,8]']);
    const inside = plans['inside grad'].filter((s) => /attention|softmax|max/.test(s));
    expect(inside).toEqual(['softmax [2,20,20]']);
    expect(plans['kept weights'].filter((s) => /attention/.test(s))).toEqual([]);
    for (const name of ['the powers too', 'the powers for another sum', 'another axis'])
      expect(plans[name].filter((s) => /attention|softmax/.test(s))).toEqual([]);
  });
});
