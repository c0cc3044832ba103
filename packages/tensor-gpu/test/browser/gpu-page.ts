/** Runs in a page: what the tests of the GPU backends do there, by name. */
import { executorOf } from '../../src/backend.js';
import { loadGpu } from '../../src/gpujs/gpu-module.js';
import { buffer } from '../../src/gpujs/plan/pass.js';
import { pass } from '../../src/gpujs/plan/text.js';
import type { ResidentExecutor } from '../../src/gpujs/resident/executor.js';
import * as t from '../../src/index.js';
import { useBackend } from './use-backend.js';

type Name = 'webgpu' | 'webgl2';
type Params = Record<'w1' | 'b1' | 'w2', t.Tensor>;

/** Runs `f` on a backend, after what ran before has been forgotten. */
async function on<T>(name: t.BackendName, f: () => T | Promise<T>): Promise<T> {
  t.resetBackend();
  await useBackend(name);
  try {
    return await f();
  } finally {
    t.setBackend('wasm');
  }
}
const message = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
const refusal = (f: () => unknown): string => {
  try {
    f();
    return 'no error';
  } catch (error) {
    return message(error);
  }
};
const rejection = (f: () => Promise<unknown>): Promise<string> => f().then(() => 'no error', message);
const numbers = async (x: t.Tensor): Promise<number[]> => Array.from(await x.data());

/** Momentum descent on y = sin(3x); a fresh batch each step. */
async function train(steps: number): Promise<{ losses: number[]; memory: t.MemoryReport[] }> {
  const loss = (p: Params, x: t.Tensor, y: t.Tensor): t.Tensor =>
    t.mean(t.square(t.sub(t.matmul(t.tanh(t.add(t.matmul(x, p.w1), p.b1)), p.w2), y)));
  const step = t.jit(
    (p: Params, v: Params, key: t.Tensor, rate: number | t.Tensor) => {
      const x = t.uniform(key, [32, 1], -1, 1);
      const [value, gradient] = t.valueAndGrad(loss)(p, x, t.sin(t.mul(x, 3)));
      const each = (f: (name: keyof Params) => t.Tensor): Params => ({
        w1: f('w1'),
        b1: f('b1'),
        w2: f('w2'),
      });
      const speed = each((n) => t.add(t.mul(v[n], 0.9), (gradient as unknown as Params)[n]));
      return [each((n) => t.sub(p[n], t.mul(speed[n], rate))), speed, value] as const;
    },
    { donate: [0, 1] },
  );
  const [k1, k2] = t.split(t.key(0), 2);
  let params: Params = { w1: t.normal(k1, [1, 96]), b1: t.zeros([96]), w2: t.normal(k2, [96, 1], 0, 0.1) };
  let speed = t.treeMap((x) => t.mul(x, 0), params) as Params;
  params = t.copy(params);
  const losses: number[] = [];
  const memory: t.MemoryReport[] = [];
  for (let i = 0; i < steps; i++) {
    const [next, nextSpeed, value] = step(params, speed, t.foldIn(t.key(7), i), 0.02);
    [params, speed] = [next, nextSpeed];
    if (i % 50 === 49) {
      losses.push((await value.data())[0]);
      value.dispose();
      memory.push(t.memory());
    } else value.dispose();
  }
  return { losses, memory };
}

/** Products of all tile sizes, layouts and both kinds, compared with the wasm core: the largest error by case. */
async function products(name: Name): Promise<Record<string, number>> {
  // One thread a cell, flat, tall, and square tiles of three sizes; each with some of the variants, for software compiles slowly.
  const cases = [
    { sizes: [2, 3, 5, 7], variants: ['turned', 'layer', 'itself', 'summed'] },
    { sizes: [3, 1, 300, 50], variants: ['turned'] },
    { sizes: [1, 130, 300, 2], variants: ['layer'] },
    { sizes: [2, 50, 33, 65], variants: ['itself', 'summed'] },
    { sizes: [4, 100, 19, 130], variants: ['layer'] },
    { sizes: [16, 130, 5, 130], variants: ['turned'] },
  ];
  const compute = (): Record<string, t.Tensor> => {
    const out: Record<string, t.Tensor> = {};
    cases.forEach(({ sizes: [b, m, k, n], variants }, i) => {
      const [x, y, c] = [
        t.normal(t.key(i), [b, m, k]),
        t.normal(t.key(i + 50), [b, k, n]),
        t.normal(t.key(3), [n]),
      ];
      const turned = (z: t.Tensor): t.Tensor => t.transpose(z, [0, 2, 1]);
      const layer = t.jit((p: t.Tensor, q: t.Tensor, r: t.Tensor) =>
        t.tanh(t.add(t.mul(t.matmul(p, q), 0.1), r)),
      );
      const summed = t.jit((p: t.Tensor, q: t.Tensor) => t.sum(t.matmul(p, q), { axis: 0 }));
      const make: Record<string, () => t.Tensor> = {
        plain: () => t.matmul(x, y),
        turned: () =>
          t.matmul(turned(t.normal(t.key(i), [b, k, m])), t.flip(turned(t.normal(t.key(i), [b, n, k])))),
        layer: () => layer(x, y, c),
        itself: () => t.matmul(x, turned(x)),
        summed: () => summed(x, y),
      };
      for (const variant of ['plain', ...variants]) out[`${b}×${m}×${k}×${n} ${variant}`] = make[variant]();
    });
    return out;
  };
  const read = async (tensors: Record<string, t.Tensor>): Promise<Record<string, number[]>> =>
    Object.fromEntries(
      await Promise.all(Object.entries(tensors).map(async ([k, x]) => [k, await numbers(x)] as const)),
    );
  const want = await on('wasm', () => read(compute()));
  const got = await on(name, () => read(compute()));
  return Object.fromEntries(
    Object.entries(want).map(([label, values]) => {
      const scale = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      const worst = values.reduce((most, v, i) => Math.max(most, Math.abs(v - got[label][i])), 0);
      return [label, got[label].length === values.length ? worst / scale : Infinity];
    }),
  );
}

/** What must be the same bits on every backend. */
const exactly = async (): Promise<Record<string, number[]>> => {
  const large = t.cast(t.mul(t.ones([70]), 5000), 'int32');
  const keys = t.stack(t.split(t.key(11), 80));
  const draw = t.jit((k: t.Tensor) => t.normal(t.foldIn(k, 3), [70]));
  return {
    'integers beyond 2^24': await numbers(t.add(t.mul(large, large), 1)),
    'sums behind them': await numbers(t.sum(t.mod(t.mul(large, large), 1000))),
    draws: await numbers(draw(t.key(5))),
    'keys from the device': await numbers(t.uniform(t.take(keys, t.cast(t.ones([]), 'int32')), [70])),
    'stored in 16 bits': await numbers(
      t.cast(t.cast(t.mul(t.linspace(-3, 3, 70), 1.1), 'bfloat16'), 'float32'),
    ),
    'moved in 16 bits': await numbers(
      t.concat([t.cast(t.linspace(-3, 3, 70), 'float16'), t.cast(t.zeros([2]), 'float16')]),
    ),
  };
};

/** Largest relative errors of functions over their range, against float64. */
async function accuracy(): Promise<Record<string, number>> {
  const functions: Record<string, [(x: t.Tensor) => t.Tensor, (x: number) => number, number, number]> = {
    exp: [t.exp, Math.exp, -80, 80],
    log: [t.log, Math.log, 1e-3, 0.9],
    tanh: [t.tanh, Math.tanh, -4, 4],
    sin: [t.sin, Math.sin, 0.1, 3],
    sigmoid: [t.sigmoid, (x) => 1 / (1 + Math.exp(-x)), -20, 20],
  };
  const entries = Object.entries(functions).map(async ([name, [f, reference, from, to]]) => {
    const x = t.linspace(from, to, 2000);
    const [values, points] = [await numbers(f(x)), await numbers(x)];
    return [name, Math.max(...values.map((v, i) => Math.abs(v / reference(points[i]) - 1)))] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** Contexts made so far, to lose one. */
const contexts: WebGL2RenderingContext[] = [];
const { getContext } = OffscreenCanvas.prototype;
OffscreenCanvas.prototype.getContext = function (
  this: OffscreenCanvas,
  ...args: Parameters<typeof getContext>
) {
  const context = getContext.apply(this, args);
  if (context instanceof WebGL2RenderingContext) contexts.push(context);
  return context;
} as typeof getContext;

const lose: Record<Name, () => Promise<unknown>> = {
  webgpu: async () => {
    await (await loadGpu()).WebGPUContext.destroy();
  },
  webgl2: async () => contexts.at(-1)!.getExtension('WEBGL_lose_context')!.loseContext(),
};
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

const tests = {
  train: (name: t.BackendName, steps: number) => on(name, () => train(steps)),
  products,
  exactly: (name: t.BackendName) => on(name, exactly),
  handedOver: (name: Name) => on(name, async () => (await exactly(), t.backendReport().handedToWasm)),
  accuracy: (name: Name) => on(name, accuracy),
  special: (name: Name) =>
    on(name, async () => {
      const x = t.tensor([NaN, Infinity, -Infinity, -1, 0, 1e-40]);
      const text = async (y: t.Tensor): Promise<string[]> => (await numbers(y)).map(String);
      return {
        'relu passes NaN on': (await text(t.relu(x)))[0],
        'max passes NaN on': (await text(t.max(x)))[0],
        isNaN: await text(t.isNaN(x)),
        exp: await text(t.exp(x)),
        log: await text(t.log(t.take(x, t.tensor([0, 1, 2, 3, 4], [5], 'int32')))),
        subnormal: (await numbers(t.mul(x, 0.5)))[5],
      };
    }),
  /** How many of the bits `dataSync` gives differ from those `data` gives, by length. */
  reading: (name: Name) =>
    on(name, async () => {
      const wrong: Record<string, number> = {};
      for (const n of [65, 1533, 1536, 1537, 100_003, 7_000_000]) {
        const x = t.mul(t.uniform(t.key(n), [n], -3, 3), 1.5);
        const now = new Uint32Array((x.dataSync() as Float32Array).buffer);
        const later = new Uint32Array(((await x.data()) as Float32Array).buffer);
        wrong[n] = now.length === n ? 0 : Infinity;
        for (let i = 0; i < n; i++) if (now[i] !== later[i]) wrong[n]++;
        x.dispose();
      }
      const whole = t.cast(t.mul(t.ones([70]), 7), 'int32');
      const special = t.mul(t.concat([t.zeros([70]), t.tensor([NaN, Infinity, -0])]), 1);
      return {
        wrong,
        item: t.sum(t.add(t.zeros([100]), 1)).item(),
        whole: Array.from(whole.dataSync().subarray(0, 2)),
        special: Array.from(special.dataSync().subarray(70), (v) => (Object.is(v, -0) ? '-0' : String(v))),
      };
    }),
  /** What reading at once says in a browser that changes a colour of a canvas, shows nothing, or has none. */
  unreadable: (name: Name) =>
    on(name, async () => {
      const x = t.add(t.zeros([100]), 1);
      const plain = OffscreenCanvasRenderingContext2D.prototype.getImageData;
      const changing = (change: (data: Uint8ClampedArray) => void): string => {
        OffscreenCanvasRenderingContext2D.prototype.getImageData = function (
          this: OffscreenCanvasRenderingContext2D,
          ...args: Parameters<typeof plain>
        ) {
          const image = plain.apply(this, args);
          change(image.data);
          return image;
        } as typeof plain;
        return refusal(() => x.dataSync());
      };
      const changed = changing((data) => (data[200] ^= 1));
      const black = changing((data) => data.fill(0));
      OffscreenCanvasRenderingContext2D.prototype.getImageData = plain;
      const { OffscreenCanvas: canvas } = globalThis;
      Reflect.deleteProperty(globalThis, 'OffscreenCanvas');
      const absent = refusal(() => x.dataSync());
      globalThis.OffscreenCanvas = canvas;
      return { changed, black, absent, afterwards: refusal(() => x.dataSync()), data: (await x.data())[99] };
    }),
  indices: (name: Name) =>
    on(name, async () => {
      const table = t.ones([3, 2]);
      const far = t.cast(t.mul(t.ones([2]), 3), 'int32');
      return {
        'known on the host': refusal(() => t.take(table, t.tensor([0, 3], [2], 'int32'))),
        'known on the device': await rejection(() => t.take(table, far).data()),
        afterwards: await rejection(() => t.take(table, t.sub(far, 1)).data()),
        // More than are kept open.
        many: await rejection(async () => {
          for (let i = 0; i < 600; i++) t.take(table, i === 3 ? far : t.sub(far, 1)).dispose();
          await t.ones([70]).data();
          await t.add(t.ones([70]), 1).data();
        }),
      };
    }),
  /** Elementwise arithmetic and rows by number beyond 2^24 elements: their ends, and what was handed over. */
  beyond24Bits: (name: Name) =>
    on(name, async () => {
      const n = 2 ** 24 + 64;
      const values = Float32Array.from({ length: n }, (_, i) => i % 1000);
      const x = t.reshape(t.tensor(values), [n / 32, 32]);
      const y = t.add(t.mul(x, 2), 1);
      const rows = t.take(x, t.tensor([0, n / 32 - 1, n / 32 - 2], [3], 'int32'));
      const computed = await y.data();
      let wrong = 0;
      computed.forEach((v, i) => (wrong += v === 2 * values[i] + 1 ? 0 : 1));
      const taken = await numbers(rows);
      const isTaken = taken.slice(32, 64).every((v, i) => v === values[n - 32 + i]);
      return { wrong, isTaken, handedToWasm: t.backendReport().handedToWasm };
    }),
  tooLarge: (name: Name) => on(name, () => refusal(() => t.matmul(t.ones([40000, 2]), t.ones([2, 40000])))),
  lost: (name: Name) =>
    on(name, async () => {
      const x = t.add(t.zeros([100]), 1);
      await x.data();
      await lose[name]();
      await pause();
      const read = await rejection(() => x.data());
      const compute = refusal(() => t.add(x, 1));
      const again = await t.initBackend(name);
      return { read, compute, again, value: (await t.add(t.zeros([100]), 2).data())[5] };
    }),
  /** `hidden`: what the page pretends not to have. */
  auto: async (hidden: readonly Name[]) => {
    t.resetBackend();
    if (hidden.includes('webgpu')) Object.defineProperty(navigator, 'gpu', { value: undefined });
    if (hidden.includes('webgl2')) OffscreenCanvas.prototype.getContext = () => null;
    const name = await t.initBackend('auto');
    t.setBackend(name);
    return { name, report: t.backendReport(), sum: (await t.sum(t.ones([1000])).data())[0] };
  },
  /** What reading says behind a kernel that is no program, and afterwards. */
  invalid: () =>
    on('webgpu', async () => {
      const { device } = executorOf('webgpu') as ResidentExecutor;
      const image = device.run(
        { ...pass([], buffer(0), 70, []), shader: { code: 'no program', params: null, groups: [1, 1, 1] } },
        [],
      );
      await device.read(image);
      const fault = message(device.takeFault());
      // What used the kernel is not valid either, and told a moment later.
      await pause();
      device.takeFault();
      return { fault, afterwards: (await t.add(t.zeros([100]), 1).data())[99] };
    }),
  counts: (name: Name) =>
    on(name, async () => {
      const before = t.memory();
      const x = t.add(t.zeros([1000]), 1);
      const during = t.memory();
      x.dispose();
      return [during.buffers - before.buffers, t.memory().buffers - before.buffers, executorOf(name).name];
    }),
};
export type Tests = typeof tests;
Object.assign(globalThis, { gpuTests: tests });
