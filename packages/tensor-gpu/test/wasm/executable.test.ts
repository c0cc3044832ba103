import { expect, it } from 'vitest';
import { add, mul, slice, tensor, type Tensor } from '../../src/index.js';
import { executorOf } from '../../src/backend.js';
import type { WasmExecutor } from '../../src/wasm/executor.js';

it('staging a view of a large host array writes nothing behind the part the view reaches', () => {
  const { arena } = executorOf('wasm') as WasmExecutor;
  // Warm up, so that the plan exists and the second run finds free blocks in front of the guard.
  const run = (): Tensor => add(slice(tensor(new Float32Array(100_000).fill(7)), [0], [200]), 1);
  run().dispose();
  const holes = Array.from({ length: 64 }, () => arena.allocate(1000));
  const guards = holes.filter((_, i) => i % 2 === 1);
  for (const at of guards) arena.words().fill(-1, at / 4, at / 4 + 250);
  for (const at of holes.filter((_, i) => i % 2 === 0)) arena.release(at);
  const out = run();
  for (const at of guards)
    expect(
      arena
        .words()
        .slice(at / 4, at / 4 + 250)
        .every((w) => w === -1),
    ).toBe(true);
  expect(out.dataSync().every((v) => v === 8)).toBe(true);
  guards.forEach((at) => arena.release(at));
});

it('reads only its part of a host array from an offset on', () => {
  const x = slice(tensor(Float32Array.from({ length: 1000 }, (_, i) => i)), [900], [903]);
  expect([...mul(x, 2).dataSync()]).toEqual([1800, 1802, 1804]);
});
