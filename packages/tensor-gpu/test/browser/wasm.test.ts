import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle, chromiumPath, openBrowser } from './chromium.js';

/** What runs in the page: a training step and products, alone and with helpers, compared bit by bit. */
const program = `
import { backendReport, grad, key, matmul, mean, normal, setThreads, square, sum, tanh } from './index.js';
import { executorOf } from './backend.js';

const work = () => {
  const [a, b] = [normal(key(1), [160, 140]), normal(key(2), [140, 180])];
  const g = grad((w) => mean(square(tanh(matmul(a, w)))))(b);
  return [matmul(a, b), g, sum(matmul(a, b), { axis: 0 })].flatMap((t) => [...t.dataSync()]);
};
globalThis.run = async () => {
  const alone = work();
  if (!crossOriginIsolated) {
    let refused = '';
    try { setThreads(2); } catch (error) { refused = error.message; }
    return { backend: backendReport().name, values: alone.length, refused };
  }
  setThreads(3);
  const { pool } = executorOf('wasm');
  for (let i = 0; i < 500 && !pool.ready; i++) await new Promise((r) => setTimeout(r, 10));
  const shared = work();
  return {
    backend: backendReport().name,
    values: alone.length,
    same: shared.every((v, i) => Object.is(v, alone[i])),
    dispatches: pool.dispatches,
  };
};
`;

let browser: Awaited<ReturnType<typeof openBrowser>> | null = null;
beforeAll(async () => {
  if (!chromiumPath) return;
  const resolveDir = fileURLToPath(new URL('../../src', import.meta.url));
  browser = await openBrowser(
    await bundle({ stdin: { contents: program, resolveDir, loader: 'ts' }, external: ['#gpu.js', 'gpu.js'] }),
  );
});
const evaluate = async (isolated: boolean): Promise<Record<string, unknown>> => {
  const page = await browser!.open(isolated ? 'isolated/' : '', 'run');
  return page.evaluate('run()');
};
afterAll(() => browser?.close());

it.skipIf(!chromiumPath)(
  'computes on the main thread of a page, and with helpers gives the same bits',
  async () => {
    const result = await evaluate(true);
    expect(result).toMatchObject({ backend: 'wasm', values: 160 * 180 + 140 * 180 + 180, same: true });
    expect(result.dispatches).toBeGreaterThan(0);
  },
);

it.skipIf(!chromiumPath)(
  'refuses threads in a page that is not cross-origin isolated, with the cure',
  async () => {
    const { backend, refused } = await evaluate(false);
    expect(backend).toBe('wasm');
    expect(refused).toMatch(/Cross-Origin-Opener-Policy: same-origin/);
  },
);
