import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutOfMemoryError } from '../../src/index.js';
import { Arena } from '../../src/wasm/arena.js';

const small = (pages = 64): Arena => new Arena(new WebAssembly.Memory({ initial: 2, maximum: pages }));

describe('Arena', () => {
  it('hands out blocks on 64-byte lines behind the core', () => {
    const arena = small();
    const at = [arena.allocate(1), arena.allocate(100), arena.allocate(64)];
    for (const a of at) {
      expect(a % 64).toBe(0);
      expect(a).toBeGreaterThanOrEqual(65536);
    }
    expect(new Set(at).size).toBe(3);
  });

  it('gives a freed block out again', () => {
    const arena = small();
    const a = arena.allocate(1000);
    arena.allocate(1000);
    arena.release(a);
    expect(arena.allocate(1000)).toBe(a);
  });

  it('joins freed neighbours', () => {
    const arena = small();
    const [a, b, c] = [arena.allocate(1000), arena.allocate(1000), arena.allocate(1000)];
    arena.allocate(10);
    arena.release(a);
    arena.release(c);
    arena.release(b);
    expect(arena.allocate(3000)).toBe(a);
  });

  it('refuses to free what it does not hold', () => {
    const arena = small();
    const a = arena.allocate(10);
    arena.release(a);
    expect(() => arena.release(a)).toThrow(/no block/);
  });

  it('never overlaps live blocks and counts their bytes', () => {
    const command = fc.record({ size: fc.integer({ min: 0, max: 5000 }), free: fc.nat() });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        const arena = small(256);
        const live: { at: number; size: number }[] = [];
        for (const { size, free } of commands) {
          if (free % 3 === 0 && live.length) arena.release(live.splice(free % live.length, 1)[0].at);
          else live.push({ at: arena.allocate(size), size });
        }
        const sorted = [...live].sort((x, y) => x.at - y.at);
        sorted.forEach((block, i) => {
          if (i > 0) expect(block.at).toBeGreaterThanOrEqual(sorted[i - 1].at + sorted[i - 1].size + 16);
        });
        expect(arena.count).toBe(live.length);
        for (const { at } of live) arena.release(at);
        expect(arena.used).toBe(0);
      }),
    );
  });

  it('says how much was asked for and how much is free when the memory ends', () => {
    const arena = small(4);
    arena.allocate(100_000);
    expect(() => arena.allocate(1_000_000, 'matmul')).toThrow(OutOfMemoryError);
    expect(() => arena.allocate(1_000_000, 'matmul')).toThrow(/matmul: expected room for 1000000 bytes/);
    arena.allocate(1000);
  });

  it('refuses to grow while pinned', () => {
    const arena = small();
    const unpin = arena.pin();
    expect(() => arena.allocate(1_000_000)).toThrow(/pinned/);
    unpin();
    arena.allocate(1_000_000);
  });
});
