import { describe, expect, it } from 'vitest';
import { Bench, integers, noise } from './core-harness.js';

const bench = new Bench(8);

describe('checkIndices', () => {
  it('finds the first position outside of the range', () => {
    for (const n of [1, 3, 4, 5, 17]) {
      bench.reset();
      const idx = integers(n, 10);
      expect(bench.core.checkIndices(n, 10, bench.put(idx))).toBe(-1);
      for (let bad = 0; bad < n; bad++) {
        for (const value of [-1, 10, -(2 ** 31), 2 ** 31 - 1]) {
          const broken = idx.slice();
          broken.fill(value, bad);
          expect(bench.core.checkIndices(n, 10, bench.put(broken))).toBe(bad);
        }
      }
    }
  });

  it('calls every index bad when there are no rows and none bad when there are no indices', () => {
    bench.reset();
    expect(bench.core.checkIndices(3, 0, bench.put(Int32Array.of(0, 0, 0)))).toBe(0);
    expect(bench.core.checkIndices(0, 0, 65536)).toBe(-1);
  });
});

const shapes = [
  { batch: 1, n: 3, m: 5, d: 1 },
  { batch: 3, n: 7, m: 4, d: 1 },
  { batch: 2, n: 5, m: 9, d: 3 },
  { batch: 2, n: 5, m: 9, d: 4 },
  { batch: 3, n: 6, m: 2, d: 17 },
  { batch: 2, n: 4, m: 6, d: 200 },
  { batch: 2, n: 4, m: 0, d: 5 },
];

describe('gatherRows', () => {
  it.each(shapes)('takes rows: batch $batch, $n rows of $d, $m indices', ({ batch, n, m, d }) => {
    for (const xBatchStride of [n * d, 0]) {
      for (const idxBatchStride of [m, 0]) {
        bench.reset();
        const x = noise(batch * n * d);
        const idx = integers(batch * m, n, 5);
        const out = bench.alloc(batch * m * d * 4);
        bench.core.gatherRows(batch, m, d, bench.put(x), xBatchStride, bench.put(idx), idxBatchStride, out);
        const want = Float32Array.from({ length: batch * m * d }, (_, at) => {
          const [b, j, z] = [Math.floor(at / (m * d)), Math.floor(at / d) % m, at % d];
          return x[b * xBatchStride + idx[b * idxBatchStride + j]! * d + z]!;
        });
        expect(bench.f32(out, batch * m * d)).toEqual(want);
        expect(bench.damaged()).toEqual([]);
      }
    }
  });
});

describe('scatterAddRows', () => {
  it.each(shapes)('adds rows in order: batch $batch, $n rows of $d, $m indices', ({ batch, n, m, d }) => {
    for (const outBatchStride of [n * d, 0]) {
      for (const idxBatchStride of [m, 0]) {
        bench.reset();
        const u = noise(batch * m * d);
        const idx = integers(batch * m, n, 5);
        const size = outBatchStride ? batch * n * d : n * d;
        const out = bench.put(new Float32Array(size).fill(NaN));
        const [at, uAt] = [bench.put(idx), bench.put(u)];
        bench.core.scatterAddRows(batch, n, m, d, at, idxBatchStride, uAt, out, outBatchStride);
        const want = new Float32Array(size);
        for (let b = 0; b < batch; b++) {
          for (let j = 0; j < m; j++) {
            for (let z = 0; z < d; z++) {
              const to = b * outBatchStride + idx[b * idxBatchStride + j]! * d + z;
              want[to] = Math.fround(want[to]! + u[(b * m + j) * d + z]!);
            }
          }
        }
        expect(bench.f32(out, size)).toEqual(want);
        expect(bench.damaged()).toEqual([]);
      }
    }
  });
});

describe('argReduce', () => {
  /** First extreme, NaN first, as NumPy 1.26 argmax and argmin define it. */
  function naive(values: number[], isMin: boolean): number {
    const nan = values.findIndex(Number.isNaN);
    if (nan >= 0) return nan;
    return values.indexOf(isMin ? Math.min(...values) : Math.max(...values));
  }

  it('finds the first extreme along any axis', () => {
    for (const [outer, n, inner] of [
      [1, 1, 1],
      [3, 7, 1],
      [2, 33, 1],
      [5, 4, 1],
      [2, 5, 3],
      [2, 5, 4],
      [3, 9, 11],
      [4, 130, 1],
    ] as const) {
      for (const isMin of [0, 1] as const) {
        for (const nans of [false, true]) {
          bench.reset();
          // Few distinct values make ties; a few NaN compete.
          const x = Float32Array.from(integers(outer * n * inner, 9, 3), (v) =>
            nans && v === 4 ? NaN : v - 4,
          );
          const out = bench.alloc(outer * inner * 4);
          bench.core.argReduce(outer, n, inner, bench.put(x), out, isMin);
          const want = Array.from({ length: outer * inner }, (_, at) => {
            const [o, z] = [Math.floor(at / inner), at % inner];
            return naive(
              Array.from({ length: n }, (_, j) => x[(o * n + j) * inner + z]!),
              isMin === 1,
            );
          });
          expect([...bench.i32(out, outer * inner)]).toEqual(want);
          expect(bench.damaged()).toEqual([]);
        }
      }
    }
  });

  it.each([5, 31, 32, 37, 64])('finds a lone NaN, maximum or minimum wherever it is in a run of %d', (n) => {
    for (let at = 0; at < n; at++) {
      for (const [odd, isMin] of [
        [NaN, 0],
        [NaN, 1],
        [2, 0],
        [-2, 1],
      ] as const) {
        bench.reset();
        const x = noise(n);
        x[at] = odd;
        const out = bench.alloc(4);
        bench.core.argReduce(1, n, 1, bench.put(x), out, isMin);
        expect(bench.i32(out, 1)[0]).toBe(at);
      }
    }
  });

  it('treats the infinities and both zeros as ordinary values', () => {
    bench.reset();
    const x = bench.put(Float32Array.of(-0, 0, -Infinity, -Infinity, Infinity, Infinity));
    const out = bench.alloc(4);
    bench.core.argReduce(1, 6, 1, x, out, 0);
    expect(bench.i32(out, 1)[0]).toBe(4);
    bench.core.argReduce(1, 6, 1, x, out, 1);
    expect(bench.i32(out, 1)[0]).toBe(2);
    bench.core.argReduce(1, 2, 1, x, out, 1);
    expect(bench.i32(out, 1)[0]).toBe(0);
  });
});
