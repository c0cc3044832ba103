import { describe, expect, it } from 'vitest';
import { BackendError } from '../../src/index.js';
import { loadGpu } from '../../src/gpujs/gpu-module.js';
import { KernelRunner } from '../../src/gpujs/kernel-runner.js';

const twice = 'function(a0) { return a0[this.thread.x] * 2; }';

describe('KernelRunner', () => {
  it('computes in the mode it was asked for', async () => {
    const gpu = await loadGpu();
    for (const mode of ['webasm', 'cpu'] as const) {
      expect([...new KernelRunner(gpu, mode).run(twice, 2, [Float32Array.of(1.5, -2)])]).toEqual([3, -4]);
    }
  });

  it('compiles a source once for each size of its arguments', () => {
    let compiled = 0;
    class Gpu {
      createKernel() {
        compiled++;
        const kernel = () => new Float32Array(1);
        return Object.assign(kernel, { kernel: { constructor: { mode: 'cpu' } }, destroy: () => undefined });
      }
    }
    const runner = new KernelRunner({ GPU: Gpu }, 'cpu');
    for (const n of [3, 3, 4, 3]) runner.run(twice, 1, [new Float32Array(n)]);
    expect(compiled).toBe(2);
  });

  it('refuses a kernel that gpu.js moved to the CPU', () => {
    class Gpu {
      createKernel() {
        const kernel = () => new Float32Array(1);
        const moved = { constructor: { mode: 'cpu' }, _instantiate: () => undefined };
        return Object.assign(kernel, { kernel: moved, destroy: () => undefined });
      }
    }
    expect(() => new KernelRunner({ GPU: Gpu }, 'webasm').run(twice, 1, [new Float32Array(1)])).toThrow(
      BackendError,
    );
  });

  it('has one memory for all kernels, which grows under them', async () => {
    const runner = new KernelRunner(await loadGpu(), 'webasm');
    let memories = 0;
    const { Memory } = WebAssembly;
    class Counted extends Memory {
      constructor(limits: WebAssembly.MemoryDescriptor) {
        super(limits);
        memories++;
      }
    }
    WebAssembly.Memory = Counted;
    try {
      const small = Float32Array.of(1, 2, 3);
      const large = new Float32Array(2 ** 21).fill(2.5);
      expect([...runner.run(twice, 3, [small])]).toEqual([2, 4, 6]);
      expect(runner.run(twice, large.length, [large]).every((v) => v === 5)).toBe(true);
      expect([...runner.run(twice, 3, [small])]).toEqual([2, 4, 6]);
      for (let n = 1; n < 300; n++) expect(runner.run(twice, n, [large.subarray(0, n)]).length).toBe(n);
      expect(memories).toBe(0);
      // More than the 256 MiB that small kernels allow a memory.
      const huge = new Float32Array(2 ** 25 + 1).fill(1.5);
      expect(runner.run(twice, huge.length, [huge]).at(-1)).toBe(3);
      expect(memories).toBe(1);
      expect([...runner.run(twice, 3, [small])]).toEqual([2, 4, 6]);
    } finally {
      WebAssembly.Memory = Memory;
    }
  });

  it('forgets old kernels', () => {
    let live = 0;
    class Gpu {
      createKernel() {
        live++;
        const kernel = () => new Float32Array(1);
        return Object.assign(kernel, { kernel: { constructor: { mode: 'cpu' } }, destroy: () => live-- });
      }
    }
    const runner = new KernelRunner({ GPU: Gpu }, 'cpu');
    for (let n = 1; n <= 2000; n++) runner.run(twice, 1, [new Float32Array(n)]);
    expect(live).toBeLessThanOrEqual(512);
  });
});
