import { describe, expect, it } from 'vitest';
import { coreModule, instantiateCore } from '../../src/wasm/core.js';

describe('instantiateCore', () => {
  it('compiles each build once', () => {
    expect(coreModule(false)).toBe(coreModule(false));
    expect(coreModule(true)).toBe(coreModule(true));
    expect(coreModule(true)).not.toBe(coreModule(false));
  });

  it('imports nothing but the memory and leaves it untouched', () => {
    for (const shared of [false, true]) {
      expect(WebAssembly.Module.imports(coreModule(shared))).toEqual([
        { module: 'env', name: 'memory', kind: 'memory' },
      ]);
      const memory = new WebAssembly.Memory(shared ? { initial: 2, maximum: 4, shared } : { initial: 2 });
      instantiateCore(memory);
      expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).toBe(true);
    }
  });

  it('exports the same functions from both builds', () => {
    const names = (shared: boolean): string[] =>
      WebAssembly.Module.exports(coreModule(shared)).map(({ name, kind }) => `${kind} ${name}`);
    expect(names(true)).toEqual(names(false));
  });

  it('keeps working when the memory grows', () => {
    const memory = new WebAssembly.Memory({ initial: 2 });
    const core = instantiateCore(memory);
    memory.grow(40);
    core.fill32(3, 7, 40 * 65536);
    expect([...new Int32Array(memory.buffer, 40 * 65536, 4)]).toEqual([7, 7, 7, 0]);
  });
});
