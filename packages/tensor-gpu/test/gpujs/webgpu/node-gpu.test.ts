import { describe, expect, it } from 'vitest';
import { withNodeGpu } from '../../../src/gpujs/webgpu/node-gpu.js';
import { BackendError } from '../../../src/index.js';

const absent = Object.assign(new Error("Cannot find package 'webgpu' imported from here"), {
  code: 'ERR_MODULE_NOT_FOUND',
});
const gpuNow = (): unknown => (globalThis as { navigator?: { gpu?: unknown } }).navigator?.gpu;

describe('WebGPU in Node', () => {
  it('says how to get the package when it is not installed', async () => {
    const promise = withNodeGpu(
      async () => 1,
      () => Promise.reject(absent),
    );
    await expect(promise).rejects.toThrow(BackendError);
    await expect(promise).rejects.toThrow(/received no such package; `npm install webgpu`/);
  });

  it('says why a package that is installed does not load', async () => {
    const old = new Error("libstdc++.so.6: version `GLIBCXX_3.4.32' not found");
    await expect(
      withNodeGpu(
        async () => 1,
        () => Promise.reject(old),
      ),
    ).rejects.toThrow(/does not load: .*GLIBCXX_3\.4\.32' not found; its binaries need a newer system/);
  });

  it('lends navigator.gpu for the call only, also when the call fails', async () => {
    const gpu = { requestAdapter: () => null } as unknown as GPU;
    const load = async () => ({ create: () => gpu, globals: {} });
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
    expect(await withNodeGpu(async () => gpuNow(), load)).toBe(gpu);
    expect(Object.getOwnPropertyDescriptor(globalThis, 'navigator')).toEqual(before);
    await expect(withNodeGpu(() => Promise.reject(new Error('no adapter')), load)).rejects.toThrow(
      'no adapter',
    );
    expect(gpuNow()).toBeUndefined();
  });
});
