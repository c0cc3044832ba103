import { addRow } from './gather';

/**
 * Sliding windows of x `[B, C, H, W]` as `[B, C·kh·kw, oh·ow]`:
 * `out[b, (c·kh + i)·kw + j, y·ow + z] = x[b, c, y·sh − ph0 + i·dh, z·sw − pw0 + j·dw]`, or `fill` outside of x.
 */
export function unfold2d(
  B: i32,
  C: i32,
  H: i32,
  W: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  ph0: i32,
  pw0: i32,
  dh: i32,
  dw: i32,
  oh: i32,
  ow: i32,
  fill: f32,
  x: usize,
  out: usize,
): void {
  const row = (<usize>ow) << 2;
  const plane = (<usize>H * <usize>W) << 2;
  for (let bc = B * C; bc > 0; bc--) {
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        const shift = j * dw - pw0;
        const z0 = firstInside(shift, sw, ow);
        const z1 = max(z0, endInside(shift, sw, W, ow));
        for (let y = 0; y < oh; y++) {
          const r = y * sh - ph0 + i * dh;
          if (<u32>r >= <u32>H) {
            fillRun(out, fill, ow);
          } else {
            if (z0 > 0) fillRun(out, fill, z0);
            copyStrided(out + ((<usize>z0) << 2), x + ((<usize>(r * W + z0 * sw + shift)) << 2), z1 - z0, sw);
            if (z1 < ow) fillRun(out + ((<usize>z1) << 2), fill, ow - z1);
          }
          out += row;
        }
      }
    }
    x += plane;
  }
}

/** Transpose of `unfold2d`: zeroes out `[B, C, H, W]`, then adds every window element back in ascending (i, j). */
export function fold2d(
  B: i32,
  C: i32,
  H: i32,
  W: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  ph0: i32,
  pw0: i32,
  dh: i32,
  dw: i32,
  oh: i32,
  ow: i32,
  x: usize,
  out: usize,
): void {
  const row = (<usize>ow) << 2;
  const plane = (<usize>H * <usize>W) << 2;
  for (let bc = B * C; bc > 0; bc--) {
    memory.fill(out, 0, plane);
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        const shift = j * dw - pw0;
        const z0 = firstInside(shift, sw, ow);
        const z1 = max(z0, endInside(shift, sw, W, ow));
        for (let y = 0; y < oh; y++) {
          const r = y * sh - ph0 + i * dh;
          if (<u32>r < <u32>H) {
            addStrided(out + ((<usize>(r * W + z0 * sw + shift)) << 2), x + ((<usize>z0) << 2), z1 - z0, sw);
          }
          x += row;
        }
      }
    }
    out += plane;
  }
}

/** Smallest z in `0..ow` with `z · sw + shift ≥ 0`. */
function firstInside(shift: i32, sw: i32, ow: i32): i32 {
  return shift >= 0 ? 0 : min(ow, (sw - 1 - shift) / sw);
}

/** One past the largest z in `0..ow` with `z · sw + shift < W`. */
function endInside(shift: i32, sw: i32, W: i32, ow: i32): i32 {
  return shift >= W ? 0 : min(ow, (W - 1 - shift) / sw + 1);
}

function fillRun(out: usize, value: f32, n: i32): void {
  for (const end = out + ((<usize>n) << 2); out < end; out += 4) store<f32>(out, value);
}

function copyStrided(out: usize, x: usize, n: i32, stride: i32): void {
  const end = out + ((<usize>n) << 2);
  if (stride == 1) {
    for (; out + 16 <= end; out += 16) {
      v128.store(out, v128.load(x));
      x += 16;
    }
  }
  for (; out < end; out += 4) {
    store<f32>(out, load<f32>(x));
    x += (<usize>stride) << 2;
  }
}

function addStrided(out: usize, x: usize, n: i32, stride: i32): void {
  if (stride == 1) {
    addRow(out, x, (<usize>n) << 2);
    return;
  }
  for (const end = x + ((<usize>n) << 2); x < end; x += 4) {
    store<f32>(out, load<f32>(out) + load<f32>(x));
    out += (<usize>stride) << 2;
  }
}
