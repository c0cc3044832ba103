import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, chromiumPath, openBrowser } from './chromium.js';
import type { Tests } from './gpu-page.js';

let browser: Awaited<ReturnType<typeof openBrowser>> | null = null;
let shared: Page;
beforeAll(async () => {
  if (!chromiumPath) return;
  const entry = fileURLToPath(new URL('gpu-page.ts', import.meta.url));
  browser = await openBrowser(await bundle({ entryPoints: [entry] }));
  shared = await browser.open('', 'gpuTests');
});
afterAll(() => browser?.close());

const run = async <K extends keyof Tests>(
  name: K,
  args: Parameters<Tests[K]>,
  page = shared,
): Promise<Awaited<ReturnType<Tests[K]>>> =>
  page.evaluate<Awaited<ReturnType<Tests[K]>>>(`gpuTests.${name}(...${JSON.stringify(args)})`);
const fresh = (): Promise<Page> => browser!.open('', 'gpuTests');

describe.skipIf(!chromiumPath).each(['webgpu', 'webgl2'] as const)('on %s', (name) => {
  it('trains as the wasm core does, in memory that stays constant', { timeout: 300_000 }, async () => {
    // WebGL2 in software draws slowly; what it holds is constant from the first steps on.
    const steps = name === 'webgpu' ? 1000 : 200;
    const want = await run('train', ['wasm', steps]);
    const { losses, memory } = await run('train', [name, steps]);
    losses.forEach((loss, i) => expect(Math.abs(loss - want.losses[i])).toBeLessThan(1e-3));
    expect(losses.at(-1)!).toBeLessThan(0.01);
    const { used, reserved, buffers } = memory[0];
    for (const report of memory) expect(report).toMatchObject({ used, reserved, buffers });
  });

  it('multiplies matrices of all shapes and layouts', { timeout: 120_000 }, async () => {
    for (const [label, error] of Object.entries(await run('products', [name])))
      expect([label, error < 2e-6]).toEqual([label, true]);
  });

  it('gives the same bits as the wasm core where they are promised', async () => {
    expect(await run('exactly', [name])).toEqual(await run('exactly', ['wasm']));
    expect(await run('handedOver', [name])).toEqual(
      expect.arrayContaining(['cast to bfloat16', 'cast to float16', 'concat of float16', 'draw']),
    );
  });

  it('computes functions to 1e-5', async () => {
    for (const [f, error] of Object.entries(await run('accuracy', [name])))
      expect([f, error < 1e-5]).toEqual([f, true]);
  });

  it('handles NaN and infinities as the wasm core; subnormal numbers may become 0', async () => {
    const { subnormal, ...rest } = await run('special', [name]);
    expect(rest).toEqual({
      'relu passes NaN on': 'NaN',
      'max passes NaN on': 'NaN',
      isNaN: ['1', '0', '0', '0', '0', '0'],
      exp: ['NaN', 'Infinity', '0', expect.stringMatching(/^0\.36787/), '1', '1'],
      log: ['NaN', 'Infinity', 'NaN', 'NaN', '-Infinity'],
    });
    expect([0, Math.fround(Math.fround(1e-40) / 2)]).toContain(subnormal);
  });

  it('reads at once the same bits as later', async () => {
    const { wrong, ...rest } = await run('reading', [name]);
    for (const [length, count] of Object.entries(wrong)) expect([length, count]).toEqual([length, 0]);
    expect(rest).toEqual({ item: 100, whole: [7, 7], special: ['NaN', 'Infinity', '-0'] });
  });

  it('refuses indices out of range: at once, or when values computed there are read', async () => {
    const found = await run('indices', [name]);
    expect(found['known on the host']).toMatch(/^ShapeError: take: .* 0 to 2, .*position 1/);
    expect(found['known on the device']).toMatch(/^ShapeError: take: expected indices from 0 to 2/);
    expect(found.afterwards).toBe('no error');
    expect(found.many).toMatch(/^ShapeError: take/);
  });

  it('computes beyond 2^24 elements, where its indices are exact by itself', async () => {
    expect(await run('beyond24Bits', [name])).toEqual({
      wrong: 0,
      isTaken: true,
      handedToWasm: name === 'webgpu' ? [] : ['gather beyond 2^24 elements', 'map beyond 2^24 elements'],
    });
  });

  it('refuses what the device cannot hold, with sizes', async () => {
    expect(await run('tooLarge', [name])).toMatch(/^OutOfMemoryError: .*6400000000 bytes/);
  });

  it('counts its buffers and gives them back', async () => {
    expect(await run('counts', [name])).toEqual([1, 0, name]);
  });

  it('says when the device is lost, and starts anew', async () => {
    const page = await fresh();
    const { read, compute, again, value } = await run('lost', [name], page);
    for (const text of [read, compute]) expect(text).toMatch(/^BackendError: .*lost.*await initBackend/);
    expect([again, value]).toEqual([name, 2]);
    await page.close();
  });
});

it.skipIf(!chromiumPath)('webgpu refuses to read at once what a canvas does not show', async () => {
  const page = await fresh();
  const { afterwards, data, ...refused } = await run('unreadable', ['webgpu'], page);
  for (const [why, text] of Object.entries(refused))
    expect([why, text]).toEqual([
      why,
      expect.stringMatching(/^BackendError: Tensor\.dataSync: .*await t\.data\(\)/),
    ]);
  expect([afterwards, data]).toEqual(['no error', 1]);
  await page.close();
});

it.skipIf(!chromiumPath)('webgpu tells of a kernel that is not valid when results are read', async () => {
  const { fault, afterwards } = await run('invalid', []);
  expect(fault).toMatch(/^BackendError: webgpu: expected valid commands, received .*(program|parsing)/s);
  expect(afterwards).toBe(1);
});

describe.skipIf(!chromiumPath)("initBackend('auto')", () => {
  it.each([
    [[], 'webgpu', []],
    [['webgpu'], 'webgl2', ['webgpu']],
    [['webgpu', 'webgl2'], 'wasm', ['webgpu', 'webgl2']],
  ] as const)('without %j takes %s', async (hidden, name, passedOver) => {
    const page = await fresh();
    const result = await run('auto', [hidden], page);
    expect(result).toMatchObject({ name, sum: 1000, report: { name } });
    expect(result.report.passedOver.map((p) => p.name)).toEqual(passedOver);
    for (const { reason } of result.report.passedOver) expect(reason).toMatch(/^initBackend\('web/);
    await page.close();
  });
});
