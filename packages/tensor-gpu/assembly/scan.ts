/**
 * Running sums of float32 x `[outer, n, inner]` along the middle axis, from the end when `reverse`; each lane adds in
 * float64 and rounds every result once.
 */
export function cumsumRows(outer: i32, n: i32, inner: i32, x: usize, out: usize, reverse: i32): void {
  const row = (<usize>inner) << 2;
  const block = row * <usize>n;
  const first = reverse ? block - row : 0;
  const step = reverse ? <usize>0 - row : row;
  for (let o = 0; o < outer; o++) {
    let z: usize = 0;
    for (; z + 16 <= row; z += 16) {
      let at = first + z;
      let low = f64x2.splat(0);
      let high = low;
      for (let j = 0; j < n; j++) {
        const v = v128.load(x + at);
        low = f64x2.add(low, f64x2.promote_low_f32x4(v));
        high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3)));
        const l = f32x4.demote_f64x2_zero(low);
        v128.store(out + at, v128.shuffle<f32>(l, f32x4.demote_f64x2_zero(high), 0, 1, 4, 5));
        at += step;
      }
    }
    for (; z < row; z += 4) {
      let at = first + z;
      let sum: f64 = 0;
      for (let j = 0; j < n; j++) {
        sum += <f64>load<f32>(x + at);
        store<f32>(out + at, <f32>sum);
        at += step;
      }
    }
    x += block;
    out += block;
  }
}

/** `cumsumRows` for int32, wrapping at 2^32. */
export function cumsumRowsI32(outer: i32, n: i32, inner: i32, x: usize, out: usize, reverse: i32): void {
  const row = (<usize>inner) << 2;
  const block = row * <usize>n;
  const first = reverse ? block - row : 0;
  const step = reverse ? <usize>0 - row : row;
  for (let o = 0; o < outer; o++) {
    for (let z: usize = 0; z < row; z += 4) {
      let at = first + z;
      let sum: i32 = 0;
      for (let j = 0; j < n; j++) {
        sum += load<i32>(x + at);
        store<i32>(out + at, sum);
        at += step;
      }
    }
    x += block;
    out += block;
  }
}
