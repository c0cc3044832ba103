import { gemv, SUMS } from './gemv';
import { packA, packPanelB } from './pack';
import { kernel4x8, kernel8x4 } from './sgemm-kernel';

// Blocking: a packed block of MC × KC stays in L2, a panel of KC × 8 in L1.
const MC: i32 = 60;
const KC: i32 = 512;
const NC: i32 = 1024;
/** Up to this many rows or columns are computed as matrix times vector. */
const FEW: i32 = 2;
/** Up to this many rows read row-major B in place, because packing it would not pay. */
const DIRECT: i32 = 12;
/** Up to this many columns may exchange the operands. */
const NARROW: i32 = 28;

/** Depth of each K block; a function of K alone, so that splits of M or N cannot change a result. */
function blockDepth(K: i32): i32 {
  const blocks = (K + KC - 1) / KC;
  return blocks > 1 ? (K + blocks - 1) / blocks : K;
}

/** Whether 8 × 4 tiles waste less than 4 × 8 tiles on `N` columns. */
function isNarrow(N: i32): bool {
  return N <= NARROW && ((N - 1) & 7) < 4;
}

/** Bytes of workspace that `sgemm` needs for an M × N × K product, any part of it, or a batch of such products. */
export function sgemmWorkspace(M: i32, N: i32, K: i32): i32 {
  const panels = (min(N, NC) + 7) & ~7;
  return max((MC + panels) * blockDepth(K), SUMS) * 4;
}

/**
 * `C[m0:m1, :] = act(alpha · A B + beta · C + bias)`, A `[M, K]`, B `[K, N]`, C `[M, N]` with row stride `ldc`.
 *
 * Each element is summed in the order of k, in K blocks that depend on K alone: any split of rows or columns gives
 * the same bits.
 */
export function sgemm(
  m0: i32,
  m1: i32,
  N: i32,
  K: i32,
  a: usize,
  rsA: i32,
  csA: i32,
  b: usize,
  rsB: i32,
  csB: i32,
  c: usize,
  ldc: i32,
  beta: i32,
  alpha: f32,
  bias: usize,
  act: i32,
  ws: usize,
): void {
  const ra = (<usize>rsA) << 2;
  const ca = (<usize>csA) << 2;
  const rb = (<usize>rsB) << 2;
  const cb = (<usize>csB) << 2;
  const rc = (<usize>ldc) << 2;
  const kc = blockDepth(K);
  if (m1 - m0 <= FEW) {
    for (let i = m0; i < m1; i++) {
      const ai = a + <usize>i * ra;
      gemv(N, K, kc, b, cb, rb, ai, ca, c + <usize>i * rc, 4, beta, alpha, bias, 4, act, ws);
    }
    return;
  }
  if (N <= FEW) {
    a += <usize>m0 * ra;
    c += <usize>m0 * rc;
    for (let j = 0; j < N; j++) {
      gemv(m1 - m0, K, kc, a, ra, ca, b, rb, c, rc, beta, alpha, bias, 0, act, ws);
      b += cb;
      c += 4;
      if (bias) bias += 4;
    }
    return;
  }
  const rows = m1 - m0;
  a += <usize>m0 * ra;
  c += <usize>m0 * rc;
  if (isNarrow(N)) tiles(true, N, rows, K, kc, b, cb, rb, a, ra, ca, c, rc, beta, alpha, bias, act, ws);
  else tiles(false, rows, N, K, kc, a, ra, ca, b, cb, rb, c, rc, beta, alpha, bias, act, ws);
}

/**
 * `sgemm` by tiles of 4 entries of `p` × 8 entries of `q`. p runs over the rows of C and q over its columns, or the
 * other way round when `exchanged`. `sp`, `sq` are bytes between entries, `kp`, `kq` between their values along k.
 */
function tiles(
  exchanged: bool,
  P: i32,
  Q: i32,
  K: i32,
  kc: i32,
  p: usize,
  sp: usize,
  kp: usize,
  q: usize,
  sq: usize,
  kq: usize,
  c: usize,
  rc: usize,
  beta: i32,
  alpha: f32,
  bias: usize,
  act: i32,
  ws: usize,
): void {
  const direct = P <= DIRECT && sq == 4;
  const once = P <= MC;
  const packedQ = ws + <usize>MC * <usize>kc * 4;
  for (let q0 = 0; q0 < Q; q0 += NC) {
    const q1 = min(q0 + NC, Q);
    let k = 0;
    do {
      const depth = min(kc, K - k);
      const last = k + depth == K;
      const accumulate = beta | i32(k > 0);
      const biasHere = last ? bias : 0;
      const actHere = last ? act : 0;
      const panelBytes = (<usize>depth) << 5;
      for (let p0 = 0; p0 < P; p0 += MC) {
        const p1 = min(p0 + MC, P);
        packA(p1 - p0, depth, p + <usize>p0 * sp + <usize>k * kp, sp, kp, ws);
        let panel = packedQ;
        for (let j = q0; j < q1; j += 8) {
          const wide = min(8, q1 - j);
          let from = q + <usize>j * sq + <usize>k * kq;
          let step = kq;
          if (!direct || wide <= 4) {
            if (p0 == 0) packPanelB(depth, wide, from, kq, sq, panel);
            from = panel;
            step = 32;
            if (!once) panel += panelBytes;
          }
          let a = ws;
          if (exchanged) {
            const cj = c + <usize>j * rc;
            for (let i = p0; i < p1; i += 4) {
              const at = (<usize>i) << 2;
              const biasI = biasHere ? biasHere + at : 0;
              kernel8x4(
                depth,
                a,
                from,
                step,
                cj + at,
                rc,
                wide,
                min(4, p1 - i),
                accumulate,
                alpha,
                biasI,
                actHere,
              );
              a += panelBytes >> 1;
            }
          } else {
            const at = (<usize>j) << 2;
            const biasJ = biasHere ? biasHere + at : 0;
            let ci = c + at + <usize>p0 * rc;
            for (let i = p0; i < p1; i += 4) {
              kernel4x8(
                depth,
                a,
                from,
                step,
                ci,
                rc,
                min(4, p1 - i),
                wide,
                accumulate,
                alpha,
                biasJ,
                actHere,
              );
              a += panelBytes >> 1;
              ci += 4 * rc;
            }
          }
        }
      }
      k += depth;
    } while (k < K);
  }
}

/** `sgemm` over a batch: operand `i` starts `i · sa`, `i · sb`, `i · sc` elements in (0: shared by the batch). */
export function sgemmBatched(
  batch: i32,
  sa: i32,
  sb: i32,
  sc: i32,
  M: i32,
  N: i32,
  K: i32,
  a: usize,
  rsA: i32,
  csA: i32,
  b: usize,
  rsB: i32,
  csB: i32,
  c: usize,
  ldc: i32,
  beta: i32,
  alpha: f32,
  bias: usize,
  act: i32,
  ws: usize,
): void {
  if (sb == 0 && sa == M * rsA && sc == M * ldc) {
    sgemm(0, M * batch, N, K, a, rsA, csA, b, rsB, csB, c, ldc, beta, alpha, bias, act, ws);
    return;
  }
  for (let i = 0; i < batch; i++) {
    sgemm(0, M, N, K, a, rsA, csA, b, rsB, csB, c, ldc, beta, alpha, bias, act, ws);
    a += (<usize>sa) << 2;
    b += (<usize>sb) << 2;
    c += (<usize>sc) << 2;
  }
}
