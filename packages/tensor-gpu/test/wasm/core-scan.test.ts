import { describe, expect, it } from 'vitest';
import { Bench, integers, noise } from './core-harness.js';

const bench = new Bench(8);

const shapes = [
  [1, 1, 1],
  [1, 9, 1],
  [3, 5, 1],
  [2, 6, 3],
  [2, 6, 4],
  [2, 7, 5],
  [1, 4, 19],
  [2, 0, 3],
] as const;

/** Positions of the elements of one lane in the order of addition. */
function lane(o: number, n: number, inner: number, z: number, reverse: number): number[] {
  const forward = Array.from({ length: n }, (_, j) => (o * n + j) * inner + z);
  return reverse ? forward.reverse() : forward;
}

describe.each(shapes)('running sums of [%d, %d, %d]', (outer, n, inner) => {
  const size = outer * n * inner;

  it.each([0, 1] as const)('add float32 in float64, reverse %d', (reverse) => {
    bench.reset();
    const x = noise(size);
    const at = bench.put(x);
    const out = bench.alloc(size * 4);
    bench.core.cumsumRows(outer, n, inner, at, out, reverse);
    const want = new Float32Array(size);
    for (let o = 0; o < outer; o++) {
      for (let z = 0; z < inner; z++) {
        let sum = 0;
        for (const i of lane(o, n, inner, z, reverse)) want[i] = sum += x[i]!;
      }
    }
    expect(bench.f32(out, size)).toEqual(want);
    bench.core.cumsumRows(outer, n, inner, at, at, reverse);
    expect(bench.f32(at, size)).toEqual(want);
    expect(bench.damaged()).toEqual([]);
  });

  it.each([0, 1] as const)('add int32 with wrapping, reverse %d', (reverse) => {
    bench.reset();
    const x = integers(size, 2 ** 31 - 1);
    const out = bench.alloc(size * 4);
    bench.core.cumsumRowsI32(outer, n, inner, bench.put(x), out, reverse);
    const want = new Int32Array(size);
    for (let o = 0; o < outer; o++) {
      for (let z = 0; z < inner; z++) {
        let sum = 0;
        for (const i of lane(o, n, inner, z, reverse)) want[i] = sum = (sum + x[i]!) | 0;
      }
    }
    expect(bench.i32(out, size)).toEqual(want);
    expect(bench.damaged()).toEqual([]);
  });
});

describe('cumsumRows', () => {
  it('keeps a million tenths within a rounding of the exact sum', () => {
    bench.reset();
    const n = 1_000_000;
    const x = bench.put(new Float32Array(n).fill(0.1));
    bench.core.cumsumRows(1, n, 1, x, x, 0);
    expect(bench.f32(x + (n - 1) * 4, 1)[0]).toBe(Math.fround(n * Math.fround(0.1)));
  });
});
