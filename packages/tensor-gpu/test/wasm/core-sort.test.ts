import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bench, integers, noise } from './core-harness.js';

const bench = new Bench(8);

/** Stable order by JavaScript's own stable sort; NaN last. */
function order(row: ArrayLike<number>, descending: boolean): number[] {
  const rank = (v: number): number => (Number.isNaN(v) ? 1 : 0);
  return Array.from(row, (_, i) => i).sort((i, j) => {
    const [a, b] = [row[i]!, row[j]!];
    if (rank(a) || rank(b)) return rank(a) - rank(b);
    return a === b ? 0 : a < b === descending ? 1 : -1;
  });
}

function check(rows: number, n: number, x: Float32Array | Int32Array): void {
  for (const descending of [0, 1] as const) {
    bench.reset();
    const at = bench.put(x);
    const out = bench.alloc(rows * n * 4);
    const ws = bench.alloc(n * 8);
    const sort = x instanceof Float32Array ? bench.core.argsortRows : bench.core.argsortRowsI32;
    sort(rows, n, at, out, ws, descending);
    const want = Array.from({ length: rows }, (_, r) =>
      order(x.subarray(r * n, (r + 1) * n), descending === 1),
    );
    expect([...bench.i32(out, rows * n)]).toEqual(want.flat());
    expect(bench.damaged()).toEqual([]);
  }
}

describe('argsortRows', () => {
  it('sorts a short row with a NaN, infinities and both zeros by hand', () => {
    bench.reset();
    const x = bench.put(Float32Array.of(0, NaN, -0, Infinity, -1, -Infinity, 0));
    const out = bench.alloc(28);
    const ws = bench.alloc(56);
    bench.core.argsortRows(1, 7, x, out, ws, 0);
    expect([...bench.i32(out, 7)]).toEqual([5, 4, 0, 2, 6, 3, 1]);
    bench.core.argsortRows(1, 7, x, out, ws, 1);
    expect([...bench.i32(out, 7)]).toEqual([3, 0, 2, 6, 4, 5, 1]);
  });

  it.each([0, 1, 2, 10, 127, 128, 129, 500, 1023, 1024, 5000])('sorts rows of %d distinct values', (n) => {
    check(3, n, noise(3 * n));
  });

  it.each([5, 127, 128, 300, 1024, 3000])('keeps equals in place and NaN last in rows of %d', (n) => {
    check(
      2,
      n,
      Float32Array.from(
        integers(2 * n, 12),
        (v) => [NaN, -NaN, 0, -0, Infinity, -Infinity, 1e-45][v] ?? v - 9,
      ),
    );
  });

  it('agrees with a stable sort on arbitrary rows', () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 200 }), (x) => check(1, x.length, x)),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe('argsortRowsI32', () => {
  it.each([0, 1, 7, 127, 128, 999, 1024, 4000])('sorts rows of %d, equals in place', (n) => {
    check(2, n, integers(2 * n, 50));
    check(
      2,
      n,
      integers(2 * n, 2 ** 31).map((v, i) => (i % 2 ? v : -v - 1)),
    );
  });

  it('orders the extremes', () => {
    check(1, 4, Int32Array.of(0, 2 ** 31 - 1, -(2 ** 31), -1));
  });
});
