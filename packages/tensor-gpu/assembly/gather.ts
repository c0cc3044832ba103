/** First position in `idx[0..count]` whose value is outside `0..n-1`, or -1. */
export function checkIndices(count: i32, n: i32, idx: usize): i32 {
  let i = 0;
  const limit = i32x4.splat(n);
  for (; i + 4 <= count; i += 4) {
    const inside = v128.bitmask<i32>(i32x4_lt_u(v128.load(idx + ((<usize>i) << 2)), limit));
    if (inside != 15) break;
  }
  for (; i < count; i++) {
    if (load<u32>(idx + ((<usize>i) << 2)) >= <u32>n) return i;
  }
  return -1;
}

function i32x4_lt_u(x: v128, y: v128): v128 {
  return v128.lt<u32>(x, y);
}

/**
 * `out[b, j, :] = x[b, idx[b, j], :]` with x `[batch, n, d]`, idx int32 `[batch, m]`, out `[batch, m, d]`.
 *
 * @param xBatchStride - elements between batch entries of x: `n · d`, or 0 to share x
 * @param idxBatchStride - elements between batch entries of idx: `m`, or 0 to share idx
 */
export function gatherRows(
  batch: i32,
  m: i32,
  d: i32,
  x: usize,
  xBatchStride: i32,
  idx: usize,
  idxBatchStride: i32,
  out: usize,
): void {
  const bytes = (<usize>d) << 2;
  for (let e = 0; e < batch; e++) {
    const xe = x + ((<usize>e * <usize>xBatchStride) << 2);
    const ie = idx + ((<usize>e * <usize>idxBatchStride) << 2);
    if (d == 1) {
      for (let j: usize = 0; j < <usize>m; j++) {
        store<u32>(out + (j << 2), load<u32>(xe + ((<usize>load<u32>(ie + (j << 2))) << 2)));
      }
      out += (<usize>m) << 2;
      continue;
    }
    for (let j: usize = 0; j < <usize>m; j++) {
      copyWords(out, xe + <usize>load<u32>(ie + (j << 2)) * bytes, bytes);
      out += bytes;
    }
  }
}

/** Copies a multiple of 4 bytes; short runs by vectors, long ones by memory.copy. */
export function copyWords(to: usize, from: usize, bytes: usize): void {
  if (bytes > 256) {
    memory.copy(to, from, bytes);
    return;
  }
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) v128.store(to + at, v128.load(from + at));
  for (; at < bytes; at += 4) store<u32>(to + at, load<u32>(from + at));
}

/**
 * Zeroes out, then `out[b, idx[b, j], :] += u[b, j, :]` in ascending j; out `[batch, n, d]`, u `[batch, m, d]`.
 *
 * @param outBatchStride - elements between batch entries of out: `n · d`, or 0 to sum the batch into one `[n, d]`
 * @param idxBatchStride - elements between batch entries of idx: `m`, or 0 to share idx
 */
export function scatterAddRows(
  batch: i32,
  n: i32,
  m: i32,
  d: i32,
  idx: usize,
  idxBatchStride: i32,
  u: usize,
  out: usize,
  outBatchStride: i32,
): void {
  const bytes = (<usize>d) << 2;
  const zeroed = <usize>n * bytes;
  if (outBatchStride == 0) memory.fill(out, 0, zeroed);
  for (let e = 0; e < batch; e++) {
    const oe = out + ((<usize>e * <usize>outBatchStride) << 2);
    const ie = idx + ((<usize>e * <usize>idxBatchStride) << 2);
    if (outBatchStride != 0) memory.fill(oe, 0, zeroed);
    for (let j: usize = 0; j < <usize>m; j++) {
      addRow(oe + <usize>load<u32>(ie + (j << 2)) * bytes, u, bytes);
      u += bytes;
    }
  }
}

/** `to += from` over a run of float32. */
export function addRow(to: usize, from: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(from + at)));
  }
  for (; at < bytes; at += 4) store<f32>(to + at, load<f32>(to + at) + load<f32>(from + at));
}
