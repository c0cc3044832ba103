/** `n` 4-byte words of value `bits`. */
export function fill32(n: i32, bits: u32, out: usize): void {
  const end = out + ((<usize>n) << 2);
  const v = i32x4.splat(bits);
  for (; out + 64 <= end; out += 64) {
    v128.store(out, v);
    v128.store(out, v, 16);
    v128.store(out, v, 32);
    v128.store(out, v, 48);
  }
  for (; out < end; out += 4) store<u32>(out, bits);
}

/** Copies bytes; the ranges may overlap. */
export function copy(bytes: i32, from: usize, to: usize): void {
  memory.copy(to, from, <usize>bytes);
}

/** Side of the square that is transposed at a time, so that both sides of it stay in the L1 cache. */
const SIDE: i32 = 32;

/** `out[j, i] = x[i, j]` on 4-byte elements, x `[rows, cols]`; `ldx` and `ldo` are row strides in elements. */
export function transpose2d(rows: i32, cols: i32, x: usize, ldx: i32, out: usize, ldo: i32): void {
  const rx = (<usize>ldx) << 2;
  const ro = (<usize>ldo) << 2;
  for (let i = 0; i < rows; i += SIDE) {
    for (let j = 0; j < cols; j += SIDE) {
      const from = x + <usize>i * rx + ((<usize>j) << 2);
      const to = out + <usize>j * ro + ((<usize>i) << 2);
      transposeSquare(min(SIDE, rows - i), min(SIDE, cols - j), from, rx, to, ro);
    }
  }
}

function transposeSquare(rows: i32, cols: i32, x: usize, rx: usize, out: usize, ro: usize): void {
  let j = 0;
  for (; j + 4 <= cols; j += 4) {
    let p = x + ((<usize>j) << 2);
    let q = out + <usize>j * ro;
    let i = 0;
    for (; i + 4 <= rows; i += 4) {
      const r0 = v128.load(p);
      const r1 = v128.load(p + rx);
      const r2 = v128.load(p + 2 * rx);
      const r3 = v128.load(p + 3 * rx);
      const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(q, v128.shuffle<f64>(t0, t1, 0, 2));
      v128.store(q + ro, v128.shuffle<f64>(t0, t1, 1, 3));
      v128.store(q + 2 * ro, v128.shuffle<f64>(t2, t3, 0, 2));
      v128.store(q + 3 * ro, v128.shuffle<f64>(t2, t3, 1, 3));
      p += 4 * rx;
      q += 16;
    }
    for (; i < rows; i++) {
      store<u32>(q, load<u32>(p));
      store<u32>(q + ro, load<u32>(p, 4));
      store<u32>(q + 2 * ro, load<u32>(p, 8));
      store<u32>(q + 3 * ro, load<u32>(p, 12));
      p += rx;
      q += 4;
    }
  }
  for (; j < cols; j++) {
    let p = x + ((<usize>j) << 2);
    let q = out + <usize>j * ro;
    for (let i = 0; i < rows; i++) {
      store<u32>(q, load<u32>(p));
      p += rx;
      q += 4;
    }
  }
}
