import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as t from '../../src/index.js';
import { backendReport, setBackend, ShapeError, tensor } from '../../src/index.js';
import { initBackend } from '../../src/gpujs/init-backend.js';

const backends = ['gpujs-wasm', 'gpujs-cpu'] as const;
beforeAll(async () => {
  for (const name of backends) await initBackend(name);
});
afterAll(() => setBackend('wasm'));

describe('initBackend', () => {
  it('makes the reference backends available', () => {
    expect(t.availableBackends()).toEqual(expect.arrayContaining([...backends]));
  });
  it('has nothing to do for wasm', async () => {
    await expect(initBackend('wasm')).resolves.toBe('wasm');
  });
  it('names what it can make when asked for something else', async () => {
    await expect(initBackend('abacus' as 'wasm')).rejects.toThrow(
      /initBackend: expected auto, wasm or one of webgpu, webgl2, gpujs-wasm, gpujs-cpu/,
    );
  });
});

describe.each(backends)('the executor %s', (name) => {
  beforeEach(() => {
    t.resetBackend();
    setBackend(name);
  });

  it('reports its own name and, after arithmetic, nothing handed over', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    expect([...t.matmul(x, t.transpose(x)).dataSync()]).toEqual([5, 11, 11, 25]);
    expect(backendReport()).toEqual({ name, handedToWasm: [], passedOver: [] });
  });

  it('loops over more than the 1000 turns gpu.js allows loops of unknown length', () => {
    expect(t.sum(t.ones([5000])).item()).toBe(5000);
    expect(t.matmul(t.ones([1, 3001]), t.ones([3001, 2])).dataSync()).toEqual(Float32Array.of(3001, 3001));
    expect([...t.cumsum(t.ones([2500])).dataSync()].at(-1)).toBe(2500);
    expect(t.argmax(t.equal(t.arange(1500), 1400)).item()).toBe(1400);
    expect([...t.scatterAdd(t.zeros([1234], 'int32'), t.ones([1234]), 2).dataSync()]).toEqual([1234, 0]);
  });

  it('keeps the digits of long sums', () => {
    const tenth = Math.fround(0.1);
    expect(Math.abs(t.sum(t.full([200_000], 0.1)).item() / (200_000 * tenth) - 1)).toBeLessThan(1e-5);
    expect(Math.abs(t.mean(t.full([3, 20_000], 0.1), { axis: 1 }).dataSync()[2] / tenth - 1)).toBeLessThan(
      1e-5,
    );
    const product = t.matmul(t.full([2, 20_000], 0.1), t.ones([20_000, 1])).dataSync()[1];
    expect(Math.abs(product / (20_000 * tenth) - 1)).toBeLessThan(1e-5);
  });

  it('reduces long rows in stages, also with a ragged end and a maximum at the end', () => {
    const n = 5 * 1024 + 3;
    const x = t.cast(t.arange(n), 'float32');
    expect(t.max(t.neg(x)).item()).toBeCloseTo(0, 10);
    expect(t.max(x).item()).toBe(n - 1);
    expect(t.min(t.sub(x, 9)).item()).toBe(-9);
    expect(t.sum(t.equal(x, n - 1)).item()).toBe(1);
  });

  it('computes expressions of more inputs than a kernel may have', () => {
    const inputs = Array.from({ length: 20 }, (_, i) => tensor([i, 2 * i, 1]));
    const sum = t.jit((...x: t.Tensor[]) => x.reduce((a, b) => t.add(a, t.mul(b, b))));
    const want = inputs[0]
      .dataSync()
      .map((v, k) => v + inputs.slice(1).reduce((s, x) => s + x.dataSync()[k] ** 2, 0));
    expect([...sum(...inputs).dataSync()]).toEqual([...want]);
    expect(backendReport().handedToWasm).toEqual([]);
  });

  it('is exact on whole numbers up to 2^24 and leaves larger ones to the wasm core', () => {
    const near = tensor([2 ** 24 - 1, -5], [2], 'int32');
    expect([...t.add(near, 1).dataSync()]).toEqual([2 ** 24, -4]);
    expect(backendReport().handedToWasm).toEqual([]);
    expect([...t.add(near, 3).dataSync()]).toEqual([2 ** 24 + 2, -2]);
    expect([...t.mul(near, near).dataSync()]).toEqual([Math.imul(2 ** 24 - 1, 2 ** 24 - 1), 25]);
    expect(t.sum(tensor([2 ** 24, 1, 1], [3], 'int32')).item()).toBe(2 ** 24 + 2);
    expect(backendReport().handedToWasm).toEqual([
      'map of whole numbers beyond 2^24',
      'sum of whole numbers beyond 2^24',
    ]);
  });

  it('leaves draws, storage dtypes and long sorts to the wasm core, and says so', () => {
    const random = t.uniform(t.key(3), [3000]);
    t.sort(random);
    t.cast(random, 'bfloat16');
    expect(backendReport().handedToWasm).toEqual([
      'argsort of rows longer than 2048',
      'cast to bfloat16',
      'draw',
    ]);
  });

  it('hands over what it cannot index in float32', () => {
    const x = t.full([2 ** 24 + 2], 1, 'bool');
    expect(t.sum(x).item()).toBe(2 ** 24 + 2);
    expect(backendReport().handedToWasm).toEqual(['map beyond 2^24 elements', 'sum beyond 2^24 elements']);
    t.resetBackend();
  });

  it('refuses indices out of range as the wasm core does', () => {
    const table = t.ones([3, 2]);
    expect(() => t.take(table, tensor([0, 3], [2], 'int32'))).toThrow(ShapeError);
    expect(() => t.scatterAdd(tensor([-1], [1], 'int32'), t.ones([1]), 2)).toThrow(
      /scatterAdd: expected indices from 0 to 1/,
    );
  });

  it('counts its buffers and gives them back', () => {
    const before = t.memory();
    const x = t.add(t.zeros([1000]), 1);
    expect(t.memory()).toMatchObject({ used: before.used + 4000, buffers: before.buffers + 1 });
    x.dispose();
    expect(t.memory()).toMatchObject({ used: before.used, buffers: before.buffers });
    expect(t.memory().peak).toBeGreaterThanOrEqual(4000);
  });

  it('takes donated buffers in a loop without growing', () => {
    const step = t.jit((w: t.Tensor) => t.mul(w, 0.5), { donate: [0] });
    let w = t.copy(t.ones([500]));
    w = step(w);
    const { used } = t.memory();
    for (let i = 0; i < 5; i++) w = step(w);
    expect(t.memory().used).toBe(used);
    expect(w.dataSync()[499]).toBe(2 ** -6);
  });

  it('refuses a tensor that lives in another backend', () => {
    const here = t.add(t.zeros([100]), 1);
    setBackend('wasm');
    expect(() => t.add(here, 1)).toThrow(t.BackendError);
  });

  it('describes its steps', () => {
    const f = t.jit((x: t.Tensor) => t.sum(t.tanh(x)));
    expect(f.explain(t.ones([3]))).toMatchObject({ backend: name, steps: ['sum [3]'] });
  });
});
