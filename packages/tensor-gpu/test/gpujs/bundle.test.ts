import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleGpu } from '../../scripts/bundle-gpu.mjs';
import manifest from '../../package.json' with { type: 'json' };

let folder: string;
let text: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gpu-chunk-'));
  await bundleGpu(folder);
  text = readFileSync(join(folder, 'gpu.chunk.js'), 'utf8');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the bundled gpu.js', () => {
  it('is what the published package loads, and no dependency of its users', () => {
    expect(manifest.imports['#gpu.js'].default).toBe('./dist/gpujs/gpu.chunk.js');
    expect(Object.keys(manifest.dependencies)).not.toContain('gpu.js');
  });

  it('keeps the licence of each of its parts', () => {
    for (const part of ['gpu.js 2.24.1', 'acorn 8', 'gpu-mock.js 1', 'gl-wiretap 0'])
      expect([part, text.includes(part)]).toEqual([part, true]);
    expect(text.match(/Permission is hereby granted, free of charge/g)!.length).toBe(4);
  });

  it('loads without a module of Node or a native package', () => {
    expect(/^import\b/m.test(text)).toBe(false);
    expect(/createRequire|"node:/.test(text)).toBe(false);
  });

  it('computes in WebAssembly and in JavaScript, and leaves the global scope alone', async () => {
    const before = Object.keys(globalThis);
    const { GPU, default: all } = (await import(
      /* @vite-ignore */ pathToFileURL(join(folder, 'gpu.chunk.js')).href
    )) as {
      GPU?: GpuClass;
      default?: { GPU: GpuClass };
    };
    const Gpu = GPU ?? all!.GPU;
    for (const mode of ['webasm', 'cpu']) {
      const kernel = new Gpu({ mode }).createKernel('function(a) { return Math.exp(a[this.thread.x]); }', {
        output: [2],
      });
      expect([...kernel(Float32Array.of(0, 1))]).toEqual([1, Math.fround(Math.E)]);
      expect(kernel.kernel.constructor.mode).toBe(mode);
    }
    expect(Object.keys(globalThis)).toEqual(before);
  });
});

type Kernel = ((x: Float32Array) => Float32Array) & { kernel: { constructor: { mode: string } } };
type GpuClass = new (settings: { mode: string }) => {
  createKernel(source: string, settings: object): Kernel;
};
