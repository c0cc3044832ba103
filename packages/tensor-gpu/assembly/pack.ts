// Packing of operands for sgemm. A becomes panels of 4 rows, [k][4]; B becomes panels of 8 columns, [k][8].
// Rows or columns past the edge repeat the last real one: their products are computed and thrown away.

/** Packs rows `0..rows` × `0..kc` of A (byte strides `rs`, `cs`) into panels of 4 rows at `out`. */
export function packA(rows: i32, kc: i32, a: usize, rs: usize, cs: usize, out: usize): void {
  for (let i = 0; i < rows; i += 4) {
    const last = rows - 1 - i;
    const p0 = a + <usize>i * rs;
    const p1 = p0 + <usize>min(1, last) * rs;
    const p2 = p0 + <usize>min(2, last) * rs;
    const p3 = p0 + <usize>min(3, last) * rs;
    if (cs == 4) packTransposed(kc, p0, p1, p2, p3, out, 16);
    else if (rs == 4 && last >= 3) packCopied(kc, p0, cs, out);
    else packStrided(kc, p0, p1, p2, p3, cs, out, 16);
    out += (<usize>kc) << 4;
  }
}

/** Packs `0..kc` × `cols` (1 to 8) columns of B (byte strides `rs`, `cs`) into one panel at `out`. */
export function packPanelB(kc: i32, cols: i32, b: usize, rs: usize, cs: usize, out: usize): void {
  if (cs == 4) {
    if (cols > 4) packRows8(kc, b, rs, out);
    else packRows4(kc, b, rs, out);
    return;
  }
  packColumns4(kc, min(4, cols), b, rs, cs, out);
  if (cols > 4) packColumns4(kc, cols - 4, b + 4 * cs, rs, cs, out + 16);
}

function packRows8(kc: i32, p: usize, rs: usize, out: usize): void {
  for (const end = out + ((<usize>kc) << 5); out < end; out += 32) {
    v128.store(out, v128.load(p));
    v128.store(out, v128.load(p, 16), 16);
    p += rs;
  }
}

function packRows4(kc: i32, p: usize, rs: usize, out: usize): void {
  for (const end = out + ((<usize>kc) << 5); out < end; out += 32) {
    v128.store(out, v128.load(p));
    p += rs;
  }
}

function packCopied(kc: i32, p: usize, cs: usize, out: usize): void {
  for (const end = out + ((<usize>kc) << 4); out < end; out += 16) {
    v128.store(out, v128.load(p));
    p += cs;
  }
}

function packColumns4(kc: i32, cols: i32, p: usize, rs: usize, cs: usize, out: usize): void {
  const p1 = p + <usize>min(1, cols - 1) * cs;
  const p2 = p + <usize>min(2, cols - 1) * cs;
  const p3 = p + <usize>min(3, cols - 1) * cs;
  if (rs == 4) packTransposed(kc, p, p1, p2, p3, out, 32);
  else packStrided(kc, p, p1, p2, p3, rs, out, 32);
}

/** Interleaves four contiguous streams: `out[k] = (p0[k], p1[k], p2[k], p3[k])`, `step` bytes a row. */
function packTransposed(kc: i32, p0: usize, p1: usize, p2: usize, p3: usize, out: usize, step: usize): void {
  let k = kc;
  for (; k >= 4; k -= 4) {
    const r0 = v128.load(p0);
    const r1 = v128.load(p1);
    const r2 = v128.load(p2);
    const r3 = v128.load(p3);
    const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<f64>(t0, t1, 0, 2));
    v128.store(out + step, v128.shuffle<f64>(t0, t1, 1, 3));
    v128.store(out + 2 * step, v128.shuffle<f64>(t2, t3, 0, 2));
    v128.store(out + 3 * step, v128.shuffle<f64>(t2, t3, 1, 3));
    out += 4 * step;
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
  }
  packStrided(k, p0, p1, p2, p3, 4, out, step);
}

function packStrided(
  kc: i32,
  p0: usize,
  p1: usize,
  p2: usize,
  p3: usize,
  cs: usize,
  out: usize,
  step: usize,
): void {
  for (let k = 0; k < kc; k++) {
    store<f32>(out, load<f32>(p0));
    store<f32>(out, load<f32>(p1), 4);
    store<f32>(out, load<f32>(p2), 8);
    store<f32>(out, load<f32>(p3), 12);
    out += step;
    p0 += cs;
    p1 += cs;
    p2 += cs;
    p3 += cs;
  }
}
