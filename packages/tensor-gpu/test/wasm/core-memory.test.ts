import { describe, expect, it } from 'vitest';
import { Bench, noise } from './core-harness.js';

const bench = new Bench(8);

describe('fill32', () => {
  it('writes exactly the words asked for', () => {
    for (const n of [0, 1, 3, 4, 15, 16, 17, 70]) {
      bench.reset();
      const out = bench.alloc(n * 4);
      bench.core.fill32(n, 0xbf800000, out);
      expect(bench.f32(out, n)).toEqual(new Float32Array(n).fill(-1));
      expect(bench.damaged()).toEqual([]);
    }
  });
});

describe('copy', () => {
  it('copies bytes between ranges that overlap', () => {
    bench.reset();
    const at = bench.put(Int32Array.of(1, 2, 3, 4, 5));
    bench.core.copy(16, at, at + 4);
    expect([...bench.i32(at, 5)]).toEqual([1, 1, 2, 3, 4]);
    expect(bench.damaged()).toEqual([]);
  });
});

describe('transpose2d', () => {
  it('exchanges rows and columns of any size and stride, padding untouched', () => {
    for (const [rows, cols] of [
      [0, 3],
      [1, 1],
      [1, 9],
      [9, 1],
      [4, 4],
      [5, 7],
      [33, 31],
      [70, 101],
    ] as const) {
      for (const extra of [0, 3]) {
        bench.reset();
        const [ldx, ldo] = [cols + extra, rows + 2 * extra];
        const x = noise(rows * ldx);
        const want = noise(cols * ldo, 2);
        const out = bench.put(want);
        bench.core.transpose2d(rows, cols, bench.put(x), ldx, out, ldo);
        for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) want[j * ldo + i] = x[i * ldx + j]!;
        expect(bench.f32(out, want.length)).toEqual(want);
        expect(bench.damaged()).toEqual([]);
      }
    }
  });
});
