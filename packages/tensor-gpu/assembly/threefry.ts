// Threefry-2x32 with 20 rounds: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".

const PARITY: u32 = 0x1bd11bda;

/** Writes `threefry2x32((k0, k1), (c0, c1))` to `out[0..2]`. */
export function threefryHash(k0: u32, k1: u32, c0: u32, c1: u32, out: usize): void {
  const k2 = k0 ^ k1 ^ PARITY;
  let x = c0 + k0;
  let y = c1 + k1;
  for (let g: u32 = 0; g < 5; g++) {
    const odd = (g & 1) == 1;
    x += y;
    y = rotl<u32>(y, odd ? 17 : 13) ^ x;
    x += y;
    y = rotl<u32>(y, odd ? 29 : 15) ^ x;
    x += y;
    y = rotl<u32>(y, odd ? 16 : 26) ^ x;
    x += y;
    y = rotl<u32>(y, odd ? 24 : 6) ^ x;
    // Key injection s uses words s mod 3 and s + 1 mod 3 of (k0, k1, k2), with s = g + 1.
    const s = (g + 1) % 3;
    x += s == 0 ? k0 : s == 1 ? k1 : k2;
    y += (s == 0 ? k1 : s == 1 ? k2 : k0) + g + 1;
  }
  store<u32>(out, x);
  store<u32>(out, y, 4);
}

/** `out[2i], out[2i + 1] = threefry2x32((k0, k1), (start + i, 0))` for i in `0..n`; `start + i` wraps at 2^32. */
export function threefry2x32(k0: u32, k1: u32, start: u32, n: i32, out: usize): void {
  const k2 = k0 ^ k1 ^ PARITY;
  const v0 = i32x4.splat(k0);
  const v1 = i32x4.splat(k1);
  const v2 = i32x4.splat(k2);
  const y1 = i32x4.splat(k2 + 1);
  const y2 = i32x4.splat(k0 + 2);
  const y3 = i32x4.splat(k1 + 3);
  const y4 = i32x4.splat(k2 + 4);
  const y5 = i32x4.splat(k0 + 5);
  let counter = i32x4.add(i32x4.splat(start), i32x4(0, 1, 2, 3));
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    let x = i32x4.add(counter, v0);
    let y = v1;
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 13), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 15), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 26), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 6), x);
    x = i32x4.add(x, v1);
    y = i32x4.add(y, y1);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 17), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 29), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 16), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 24), x);
    x = i32x4.add(x, v2);
    y = i32x4.add(y, y2);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 13), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 15), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 26), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 6), x);
    x = i32x4.add(x, v0);
    y = i32x4.add(y, y3);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 17), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 29), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 16), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 24), x);
    x = i32x4.add(x, v1);
    y = i32x4.add(y, y4);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 13), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 15), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 26), x);
    x = i32x4.add(x, y);
    y = v128.xor(rotate(y, 6), x);
    x = i32x4.add(x, v2);
    y = i32x4.add(y, y5);
    v128.store(out, v128.shuffle<i32>(x, y, 0, 4, 1, 5));
    v128.store(out, v128.shuffle<i32>(x, y, 2, 6, 3, 7), 16);
    out += 32;
    counter = i32x4.add(counter, i32x4.splat(4));
  }
  for (; i < n; i++) {
    threefryHash(k0, k1, start + <u32>i, 0, out);
    out += 8;
  }
}

function rotate(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}
