import { describe, expect, it } from 'vitest';
import { Bench, noise } from './core-harness.js';

interface Case {
  M: number;
  N: number;
  K: number;
  layoutA?: Layout;
  layoutB?: Layout;
  ldcExtra?: number;
  beta?: 0 | 1;
  alpha?: number;
  bias?: boolean;
  act?: number;
}

/** How a matrix lies in memory: rows adjacent, columns adjacent, or every second element of padded rows. */
type Layout = 'rows' | 'columns' | 'gaps';

const layouts: Layout[] = ['rows', 'columns', 'gaps'];

function strides(layout: Layout, rows: number, cols: number): [rs: number, cs: number, size: number] {
  if (layout === 'rows') return [cols, 1, rows * cols];
  if (layout === 'columns') return [1, rows, rows * cols];
  return [2 * cols + 3, 2, rows * (2 * cols + 3)];
}

const bench = new Bench(48);

/** Runs the core on deterministic operands, by the row ranges given, and returns C with its padding. */
function run(c: Case, splits: number[] = [0, c.M]): Float32Array {
  const { M, N, K, layoutA = 'rows', layoutB = 'rows', beta = 0, alpha = 1, act = 0 } = c;
  bench.reset();
  const [rsA, csA, sizeA] = strides(layoutA, M, K);
  const [rsB, csB, sizeB] = strides(layoutB, K, N);
  const ldc = N + (c.ldcExtra ?? 0);
  const sizeC = M > 0 ? (M - 1) * ldc + N : 0;
  const a = bench.put(noise(sizeA, 1));
  const b = bench.put(noise(sizeB, 2), 8);
  const bias = c.bias ? bench.put(noise(N, 3), 12) : 0;
  const ws = bench.alloc(bench.core.sgemmWorkspace(M, N, K));
  const start = noise(sizeC, 4);
  if (!beta) for (let i = 0; i < M; i++) start.fill(NaN, i * ldc, i * ldc + N);
  const out = bench.put(start);
  for (let s = 0; s + 1 < splits.length; s++) {
    bench.core.sgemm(
      splits[s]!,
      splits[s + 1]!,
      N,
      K,
      a,
      rsA,
      csA,
      b,
      rsB,
      csB,
      out,
      ldc,
      beta,
      alpha,
      bias,
      act,
      ws,
    );
  }
  expect(bench.damaged()).toEqual([]);
  return bench.f32(out, sizeC);
}

/** The same product in float64. */
function expected(c: Case): Float64Array {
  const { M, N, K, layoutA = 'rows', layoutB = 'rows', beta = 0, alpha = 1, act = 0 } = c;
  const [rsA, csA, sizeA] = strides(layoutA, M, K);
  const [rsB, csB, sizeB] = strides(layoutB, K, N);
  const ldc = N + (c.ldcExtra ?? 0);
  const a = noise(sizeA, 1);
  const b = noise(sizeB, 2);
  const bias = noise(N, 3);
  const out = Float64Array.from(noise((M - 1) * ldc + N, 4));
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += a[i * rsA + k * csA]! * b[k * rsB + j * csB]!;
      const v = alpha * sum + (beta ? out[i * ldc + j]! : 0) + (c.bias ? bias[j]! : 0);
      out[i * ldc + j] = act === 1 ? Math.max(v, 0) : v;
    }
  }
  return out;
}

function worstError(c: Case): number {
  const got = run(c);
  const want = expected(c);
  let worst = 0;
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i]! - want[i]!);
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

/** Rounding bound of a float32 sum of K products below 1, with room for bias and C. */
const bound = (K: number): number => (K + 4) * Math.sqrt(K + 4) * 2 ** -24;

describe('sgemm', () => {
  it('multiplies a 2 × 2 pair that one can check by hand', () => {
    bench.reset();
    const a = bench.put(Float32Array.of(1, 2, 3, 4));
    const b = bench.put(Float32Array.of(5, 6, 7, 8));
    const c = bench.alloc(16);
    const ws = bench.alloc(bench.core.sgemmWorkspace(2, 2, 2));
    bench.core.sgemm(0, 2, 2, 2, a, 2, 1, b, 2, 1, c, 2, 0, 1, 0, 0, ws);
    expect([...bench.f32(c, 4)]).toEqual([19, 22, 43, 50]);
  });

  it('agrees with a float64 loop for every small size and writes nothing else', () => {
    for (const M of [1, 2, 3, 4, 5, 8, 9, 13]) {
      for (const N of [1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 17]) {
        for (const K of [1, 2, 3, 4, 5, 7, 16, 33]) {
          const error = worstError({ M, N, K, ldcExtra: (M + N) % 3 });
          expect(error, `${M} × ${N} × ${K}`).toBeLessThanOrEqual(bound(K));
        }
      }
    }
  });

  it.each(layouts.flatMap((layoutA) => layouts.map((layoutB) => ({ layoutA, layoutB }))))(
    'takes A by $layoutA and B by $layoutB',
    (kind) => {
      for (const [M, N, K] of [
        [1, 1, 9],
        [1, 37, 70],
        [1, 1100, 21],
        [41, 1, 70],
        [2, 9, 700],
        [64, 10, 128],
        [70, 75, 66],
        [61, 20, 1030],
        [1100, 10, 70],
        [1030, 3, 9],
        [9, 1050, 13],
        [130, 40, 129],
      ] as const) {
        const c: Case = { M, N, K, ...kind, beta: 1, alpha: -0.5, bias: true, act: 1, ldcExtra: 1 };
        expect(worstError(c), `${M} × ${N} × ${K}`).toBeLessThanOrEqual(bound(K));
      }
    },
  );

  it('applies alpha, C, bias and relu in every combination', () => {
    for (const [M, N, K] of [
      [1, 13, 6],
      [13, 1, 6],
      [10, 19, 6],
      [66, 70, 600],
      [10, 19, 1300],
    ] as const) {
      for (const beta of [0, 1] as const) {
        for (const bias of [false, true]) {
          for (const act of [0, 1]) {
            for (const alpha of [1, 0, 0.3]) {
              const error = worstError({ M, N, K, beta, bias, act, alpha });
              expect(error).toBeLessThanOrEqual(bound(K));
            }
          }
        }
      }
    }
  });

  it('leaves only beta, bias and activation when K is 0', () => {
    for (const [M, N] of [
      [1, 9],
      [9, 1],
      [6, 11],
      [70, 70],
    ] as const) {
      for (const beta of [0, 1] as const) {
        const c: Case = { M, N, K: 0, beta, bias: true, act: 1 };
        expect([...run(c)]).toEqual([...Float32Array.from(expected(c))]);
      }
    }
  });

  it('does nothing for an empty range', () => {
    expect(run({ M: 0, N: 5, K: 3 })).toHaveLength(0);
    expect(run({ M: 5, N: 3, K: 4, beta: 1 }, [2, 2])).toEqual(noise(15, 4));
  });

  it('gives the same bits however the rows are split', () => {
    for (const [M, N, K] of [
      [37, 19, 40],
      [70, 33, 1100],
      [130, 100, 300],
      [9, 1, 700],
      [33, 9, 129],
    ] as const) {
      for (const layoutA of layouts) {
        for (const layoutB of layouts) {
          const c: Case = { M, N, K, layoutA, layoutB, beta: 1, alpha: 0.7, bias: true };
          const whole = run(c);
          for (const at of [1, 2, 3, 5, M - 1]) expect(run(c, [0, at, M])).toEqual(whole);
          expect(
            run(
              c,
              Array.from({ length: M + 1 }, (_, i) => i),
            ),
          ).toEqual(whole);
        }
      }
    }
  });

  it('gives the same bits however the columns are split', () => {
    const [M, N, K] = [21, 43, 600];
    for (const layoutA of layouts) {
      for (const layoutB of layouts) {
        const whole = run({ M, N, K, layoutA, layoutB });
        for (const at of [1, 2, 4, 6, 16, N - 1]) {
          bench.reset();
          const [rsA, csA, sizeA] = strides(layoutA, M, K);
          const [rsB, csB, sizeB] = strides(layoutB, K, N);
          const a = bench.put(noise(sizeA, 1));
          const b = bench.put(noise(sizeB, 2));
          const c = bench.alloc(M * N * 4);
          const ws = bench.alloc(bench.core.sgemmWorkspace(M, N, K));
          for (const [j0, j1] of [
            [0, at],
            [at, N],
          ] as const) {
            const bj = b + j0 * csB * 4;
            bench.core.sgemm(0, M, j1 - j0, K, a, rsA, csA, bj, rsB, csB, c + j0 * 4, N, 0, 1, 0, 0, ws);
          }
          expect(bench.f32(c, M * N)).toEqual(whole);
        }
      }
    }
  });

  it('reads at most 16 bytes past any operand', () => {
    // The operand in turn lies at the end of the memory, where reading further would trap.
    const small = new Bench(1);
    const size = small.memory.buffer.byteLength;
    for (const layout of ['rows', 'columns'] as const) {
      for (const M of [1, 2, 3, 4, 5, 7, 13]) {
        for (const N of [1, 2, 3, 5, 6, 9, 10, 15]) {
          for (const K of [1, 3, 6]) {
            const [rsA, csA, sizeA] = strides(layout, M, K);
            const [rsB, csB, sizeB] = strides(layout, K, N);
            for (const last of [0, 1, 2, 3]) {
              const atEnd = (order: number, length: number): number =>
                order === last ? size - 16 - 4 * length : small.alloc(4 * length);
              small.reset();
              const [a, b, c, bias] = [atEnd(0, sizeA), atEnd(1, sizeB), atEnd(2, M * N), atEnd(3, N)];
              const ws = small.alloc(small.core.sgemmWorkspace(M, N, K));
              small.core.sgemm(0, M, N, K, a, rsA, csA, b, rsB, csB, c, N, 1, 1, bias, 1, ws);
            }
          }
        }
      }
    }
  });

  it('carries NaN and infinity through, relu included', () => {
    bench.reset();
    const a = bench.put(Float32Array.of(1, NaN, Infinity, 2));
    const b = bench.put(Float32Array.of(3));
    const c = bench.alloc(16);
    const ws = bench.alloc(bench.core.sgemmWorkspace(4, 1, 1));
    bench.core.sgemm(0, 4, 1, 1, a, 1, 1, b, 1, 1, c, 1, 0, -1, 0, 1, ws);
    expect([...bench.f32(c, 4)]).toEqual([0, NaN, 0, 0]);
  });

  it('runs the same in shared memory', () => {
    const shared = new Bench(2, true);
    const a = shared.put(noise(20 * 30, 1));
    const b = shared.put(noise(30 * 11, 2), 8);
    const c = shared.alloc(20 * 11 * 4);
    const ws = shared.alloc(shared.core.sgemmWorkspace(20, 11, 30));
    shared.core.sgemm(0, 20, 11, 30, a, 30, 1, b, 11, 1, c, 11, 0, 1, 0, 0, ws);
    expect(shared.f32(c, 220)).toEqual(run({ M: 20, N: 11, K: 30 }));
  });
});

describe('sgemmBatched', () => {
  const kinds = [
    { name: 'both operands batched', as: 1, bs: 1, gap: 0 },
    { name: 'B shared', as: 1, bs: 0, gap: 0 },
    { name: 'A shared', as: 0, bs: 1, gap: 0 },
    { name: 'B shared and gaps in C', as: 1, bs: 0, gap: 5 },
    { name: 'both shared and gaps in C', as: 0, bs: 0, gap: 5 },
  ];
  // Narrow; wide; more rows, columns and terms than a block has; as a convolution of few channels; a single row.
  const shapes = [
    [5, 11, 7],
    [20, 40, 30],
    [70, 40, 9],
    [12, 1100, 9],
    [20, 40, 600],
    [16, 64, 144],
    [1, 30, 8],
  ];
  it.each(
    shapes.flatMap(([M, N, K]) =>
      kinds.map(({ name, as, bs, gap }) => ({
        name,
        M,
        N,
        K,
        sa: as * M * K,
        sb: bs * K * N,
        sc: M * N + gap,
      })),
    ),
  )('equals one product per entry with $name, $M × $N × $K', ({ M, N, K, sa, sb, sc }) => {
    const batch = 4;
    bench.reset();
    const a = bench.put(noise(sa * (batch - 1) + M * K, 1));
    const b = bench.put(noise(sb * (batch - 1) + K * N, 2));
    const size = sc * (batch - 1) + M * N;
    const one = bench.put(noise(size, 3));
    const all = bench.put(noise(size, 3));
    const bias = bench.put(noise(N, 4));
    const ws = bench.alloc(bench.core.sgemmWorkspace(M, N, K));
    for (let i = 0; i < batch; i++) {
      const [ai, bi, ci] = [a + i * sa * 4, b + i * sb * 4, one + i * sc * 4];
      bench.core.sgemm(0, M, N, K, ai, K, 1, bi, N, 1, ci, N, 1, 0.5, bias, 1, ws);
    }
    bench.core.sgemmBatched(batch, sa, sb, sc, M, N, K, a, K, 1, b, N, 1, all, N, 1, 0.5, bias, 1, ws);
    expect(bench.f32(all, size)).toEqual(bench.f32(one, size));
    expect(bench.damaged()).toEqual([]);
  });
});
