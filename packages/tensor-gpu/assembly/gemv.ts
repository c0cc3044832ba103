import { finish } from './sgemm-kernel';

// Matrix times vector, in the same order of additions as the tiles of sgemm: each output is one accumulator.

/** Outputs whose sums are kept at a time. */
export const SUMS: i32 = 1024;

/**
 * `c[o] = act(alpha · Σ_k m[o, k] v[k] + beta · c[o] + bias[o])` for `n` outputs; all strides in bytes, `stepBias` 0
 * repeats one bias. `depth` is the K block, `ws` holds `SUMS` float32.
 */
export function gemv(
  n: i32,
  K: i32,
  depth: i32,
  m: usize,
  so: usize,
  sk: usize,
  v: usize,
  sv: usize,
  c: usize,
  sc: usize,
  beta: i32,
  alpha: f32,
  bias: usize,
  stepBias: usize,
  act: i32,
  ws: usize,
): void {
  for (let o = 0; o < n; o += SUMS) {
    const count = min(SUMS, n - o);
    const co = c + <usize>o * sc;
    const mo = m + <usize>o * so;
    const bo = bias ? bias + <usize>o * stepBias : 0;
    let k = 0;
    do {
      const kc = min(depth, K - k);
      const last = k + kc == K;
      const mk = mo + <usize>k * sk;
      const vk = v + <usize>k * sv;
      if (so == 4) sumAcross(count, kc, mk, sk, vk, sv, ws);
      else if (sk == 4) sumAlong(count, kc, mk, so, vk, sv, ws);
      else sumStrided(count, kc, mk, so, sk, vk, sv, ws);
      finishRun(count, ws, co, sc, beta | i32(k > 0), alpha, last ? bo : 0, stepBias, last ? act : 0);
      k += kc;
    } while (k < K);
  }
}

/** Outputs are adjacent in the matrix: adds whole rows, four k at a time. */
function sumAcross(n: i32, kc: i32, m: usize, sk: usize, v: usize, sv: usize, ws: usize): void {
  const bytes = (<usize>n) << 2;
  const vectors = bytes & ~15;
  memory.fill(ws, 0, bytes);
  let k = kc;
  for (; k >= 4; k -= 4) {
    const m1 = m + sk;
    const m2 = m1 + sk;
    const m3 = m2 + sk;
    const v0 = v128.load32_splat(v);
    const v1 = v128.load32_splat(v + sv);
    const v2 = v128.load32_splat(v + 2 * sv);
    const v3 = v128.load32_splat(v + 3 * sv);
    let z: usize = 0;
    for (; z < vectors; z += 16) {
      let sum = v128.load(ws + z);
      sum = f32x4.add(sum, f32x4.mul(v128.load(m + z), v0));
      sum = f32x4.add(sum, f32x4.mul(v128.load(m1 + z), v1));
      sum = f32x4.add(sum, f32x4.mul(v128.load(m2 + z), v2));
      sum = f32x4.add(sum, f32x4.mul(v128.load(m3 + z), v3));
      v128.store(ws + z, sum);
    }
    for (; z < bytes; z += 4) {
      let sum = load<f32>(ws + z);
      sum += load<f32>(m + z) * f32x4.extract_lane(v0, 0);
      sum += load<f32>(m1 + z) * f32x4.extract_lane(v1, 0);
      sum += load<f32>(m2 + z) * f32x4.extract_lane(v2, 0);
      sum += load<f32>(m3 + z) * f32x4.extract_lane(v3, 0);
      store<f32>(ws + z, sum);
    }
    m = m3 + sk;
    v += 4 * sv;
  }
  for (; k > 0; k--) {
    const v0 = v128.load32_splat(v);
    let z: usize = 0;
    for (; z < vectors; z += 16) {
      v128.store(ws + z, f32x4.add(v128.load(ws + z), f32x4.mul(v128.load(m + z), v0)));
    }
    for (; z < bytes; z += 4) {
      store<f32>(ws + z, load<f32>(ws + z) + load<f32>(m + z) * f32x4.extract_lane(v0, 0));
    }
    m += sk;
    v += sv;
  }
}

/** Each output's run over k is contiguous: 8 outputs at a time, transposed in registers. */
function sumAlong(n: i32, kc: i32, m: usize, so: usize, v: usize, sv: usize, ws: usize): void {
  let o = 0;
  for (; o + 8 <= n; o += 8) {
    sumAlong4x2(kc, m, so, v, sv, ws);
    m += 8 * so;
    ws += 32;
  }
  sumStrided(n - o, kc, m, so, 4, v, sv, ws);
}

function sumAlong4x2(kc: i32, m0: usize, so: usize, v: usize, sv: usize, ws: usize): void {
  let m1 = m0 + so;
  let m2 = m1 + so;
  let m3 = m2 + so;
  let m4 = m3 + so;
  let m5 = m4 + so;
  let m6 = m5 + so;
  let m7 = m6 + so;
  let low = f32x4.splat(0);
  let high = low;
  let k = kc;
  for (; k >= 4; k -= 4) {
    const v0 = v128.load32_splat(v);
    const v1 = v128.load32_splat(v + sv);
    const v2 = v128.load32_splat(v + 2 * sv);
    const v3 = v128.load32_splat(v + 3 * sv);
    v += 4 * sv;
    let r0 = v128.load(m0);
    let r1 = v128.load(m1);
    let r2 = v128.load(m2);
    let r3 = v128.load(m3);
    let t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    let t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    let t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    let t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    low = f32x4.add(low, f32x4.mul(v128.shuffle<f64>(t0, t1, 0, 2), v0));
    low = f32x4.add(low, f32x4.mul(v128.shuffle<f64>(t0, t1, 1, 3), v1));
    low = f32x4.add(low, f32x4.mul(v128.shuffle<f64>(t2, t3, 0, 2), v2));
    low = f32x4.add(low, f32x4.mul(v128.shuffle<f64>(t2, t3, 1, 3), v3));
    r0 = v128.load(m4);
    r1 = v128.load(m5);
    r2 = v128.load(m6);
    r3 = v128.load(m7);
    t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    high = f32x4.add(high, f32x4.mul(v128.shuffle<f64>(t0, t1, 0, 2), v0));
    high = f32x4.add(high, f32x4.mul(v128.shuffle<f64>(t0, t1, 1, 3), v1));
    high = f32x4.add(high, f32x4.mul(v128.shuffle<f64>(t2, t3, 0, 2), v2));
    high = f32x4.add(high, f32x4.mul(v128.shuffle<f64>(t2, t3, 1, 3), v3));
    m0 += 16;
    m1 += 16;
    m2 += 16;
    m3 += 16;
    m4 += 16;
    m5 += 16;
    m6 += 16;
    m7 += 16;
  }
  v128.store(ws, low);
  v128.store(ws, high, 16);
  for (; k > 0; k--) {
    const x = load<f32>(v);
    store<f32>(ws, load<f32>(ws) + load<f32>(m0) * x);
    store<f32>(ws, load<f32>(ws, 4) + load<f32>(m1) * x, 4);
    store<f32>(ws, load<f32>(ws, 8) + load<f32>(m2) * x, 8);
    store<f32>(ws, load<f32>(ws, 12) + load<f32>(m3) * x, 12);
    store<f32>(ws, load<f32>(ws, 16) + load<f32>(m4) * x, 16);
    store<f32>(ws, load<f32>(ws, 20) + load<f32>(m5) * x, 20);
    store<f32>(ws, load<f32>(ws, 24) + load<f32>(m6) * x, 24);
    store<f32>(ws, load<f32>(ws, 28) + load<f32>(m7) * x, 28);
    v += sv;
    m0 += 4;
    m1 += 4;
    m2 += 4;
    m3 += 4;
    m4 += 4;
    m5 += 4;
    m6 += 4;
    m7 += 4;
  }
}

function sumStrided(n: i32, kc: i32, m: usize, so: usize, sk: usize, v: usize, sv: usize, ws: usize): void {
  for (let o = 0; o < n; o++) {
    let sum: f32 = 0;
    let p = m;
    let q = v;
    for (let k = 0; k < kc; k++) {
      sum += load<f32>(p) * load<f32>(q);
      p += sk;
      q += sv;
    }
    store<f32>(ws, sum);
    ws += 4;
    m += so;
  }
}

function finishRun(
  n: i32,
  ws: usize,
  c: usize,
  sc: usize,
  accumulate: i32,
  alpha: f32,
  bias: usize,
  stepBias: usize,
  act: i32,
): void {
  let o = 0;
  if (sc == 4 && stepBias == 4) {
    for (; o < n; o += 4) {
      finish(c, v128.load(ws), min(4, n - o), accumulate, alpha, bias, act);
      c += 16;
      ws += 16;
      if (bias) bias += 16;
    }
    return;
  }
  for (; o < n; o++) {
    let v = alpha * load<f32>(ws);
    if (accumulate) v = load<f32>(c) + v;
    if (bias) v += load<f32>(bias);
    if (act == 1) v = max<f32>(v, 0);
    store<f32>(c, v);
    c += sc;
    ws += 4;
    if (bias) bias += stepBias;
  }
}
