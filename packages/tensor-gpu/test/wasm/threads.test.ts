import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  add,
  exp,
  grad,
  jit,
  key,
  matmul,
  mul,
  normal,
  setThreads,
  sum,
  type Tensor,
  transpose,
} from '../../src/index.js';
import { executorOf } from '../../src/backend.js';
import type { WasmExecutor } from '../../src/wasm/executor.js';

const cases: Record<string, () => Tensor> = {
  'a tall product': () => matmul(normal(key(1), [301, 130]), normal(key(2), [130, 77])),
  'a wide product': () => matmul(normal(key(1), [77, 130]), normal(key(2), [130, 301])),
  'a transposed product': () => matmul(transpose(normal(key(1), [130, 301])), normal(key(2), [130, 301])),
  'a stack of products': () => matmul(normal(key(1), [7, 65, 64]), normal(key(2), [7, 64, 66])),
  'an elementwise chain': () => exp(mul(add(normal(key(3), [333, 401]), 1), 0.25)),
  'a broadcast sum': () => add(normal(key(3), [401, 333]), normal(key(4), [333])),
  'sums of rows': () => sum(normal(key(5), [301, 411]), { axis: 1 }),
  'sums of columns': () => sum(normal(key(5), [301, 411]), { axis: 0 }),
  'a gradient through a compiled function': () => {
    const f = jit((x: Tensor) => sum(exp(mul(matmul(x, transpose(x)), 0.01))));
    return grad((x: Tensor) => f(x))(normal(key(6), [200, 150]));
  },
};

describe('threads', () => {
  const alone = new Map<string, number[]>();
  beforeAll(async () => {
    setThreads(1);
    for (const [name, run] of Object.entries(cases)) alone.set(name, [...run().dataSync()]);
    setThreads(3);
    const { pool } = executorOf('wasm') as WasmExecutor;
    for (let i = 0; i < 500 && !pool!.ready; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(pool!.ready).toBe(true);
  });
  afterAll(() => setThreads(1));

  it.each(Object.keys(cases))('gives the same bits for %s', (name) => {
    const shared = [...cases[name]().dataSync()];
    expect(shared).toEqual(alone.get(name));
  });

  it('really uses the helpers', () => {
    const { pool } = executorOf('wasm') as WasmExecutor;
    const before = pool!.dispatches;
    matmul(normal(key(1), [256, 256]), normal(key(2), [256, 256]));
    expect(pool!.dispatches).toBeGreaterThan(before);
  });

  it.each([0, 1.5, 65])('refuses %d threads', (count) => {
    expect(() => setThreads(count)).toThrow(/from 1 to 64/);
  });
});
