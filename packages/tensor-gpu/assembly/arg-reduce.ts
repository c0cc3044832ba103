/** From this length on a contiguous run is searched four elements at a time. */
const LONG: i32 = 32;

/**
 * Position of the largest (`isMin = 0`) or smallest element of x `[outer, n, inner]` along its middle axis, as int32
 * `[outer, inner]`. The first of equals wins; a NaN beats everything, the first NaN wins.
 */
export function argReduce(outer: i32, n: i32, inner: i32, x: usize, out: usize, isMin: i32): void {
  const step = (<usize>inner) << 2;
  if (inner == 1 && n >= LONG) {
    for (let o = 0; o < outer; o++) {
      store<i32>(out, argRun(n, x, isMin));
      x += (<usize>n) << 2;
      out += 4;
    }
    return;
  }
  for (let o = 0; o < outer; o++) {
    let z: usize = 0;
    for (; z + 16 <= step; z += 16) {
      v128.store(out + z, isMin ? argMin4(n, x + z, step) : argMax4(n, x + z, step));
    }
    for (; z < step; z += 4) store<i32>(out + z, argScalar(n, x + z, step, isMin));
    x += step * <usize>n;
    out += step;
  }
}

/** `argScalar` of a contiguous run: four interleaved searches, then the best of the four and of the tail. */
function argRun(n: i32, x: usize, isMin: i32): i32 {
  const quarter = n >> 2;
  const steps = isMin ? argMin4(quarter, x, 16) : argMax4(quarter, x, 16);
  const positions = i32x4.add(i32x4.shl(steps, 2), i32x4(0, 1, 2, 3));
  let at = better(x, i32x4.extract_lane(positions, 0), i32x4.extract_lane(positions, 1), isMin);
  at = better(x, at, i32x4.extract_lane(positions, 2), isMin);
  at = better(x, at, i32x4.extract_lane(positions, 3), isMin);
  for (let j = quarter << 2; j < n; j++) at = better(x, at, j, isMin);
  return at;
}

/** Whichever of the positions `i`, `j` argReduce prefers. */
function better(x: usize, i: i32, j: i32, isMin: i32): i32 {
  const u = load<f32>(x + ((<usize>i) << 2));
  const v = load<f32>(x + ((<usize>j) << 2));
  if (u != u) return v != v ? min(i, j) : i;
  if (v != v) return j;
  if (u == v) return min(i, j);
  return (isMin ? u < v : u > v) ? i : j;
}

function argMax4(n: i32, x: usize, step: usize): v128 {
  let best = v128.load(x);
  let at = i32x4.splat(0);
  for (let j = 1; j < n; j++) {
    x += step;
    const v = v128.load(x);
    // v wins when it is larger or NaN, unless a NaN has won already.
    const wins = v128.andnot(v128.not(f32x4.le(v, best)), f32x4.ne(best, best));
    best = v128.bitselect(v, best, wins);
    at = v128.bitselect(i32x4.splat(j), at, wins);
  }
  return at;
}

function argMin4(n: i32, x: usize, step: usize): v128 {
  let best = v128.load(x);
  let at = i32x4.splat(0);
  for (let j = 1; j < n; j++) {
    x += step;
    const v = v128.load(x);
    const wins = v128.andnot(v128.not(f32x4.ge(v, best)), f32x4.ne(best, best));
    best = v128.bitselect(v, best, wins);
    at = v128.bitselect(i32x4.splat(j), at, wins);
  }
  return at;
}

function argScalar(n: i32, x: usize, step: usize, isMin: i32): i32 {
  let best = load<f32>(x);
  let at = 0;
  for (let j = 1; j < n && best == best; j++) {
    x += step;
    const v = load<f32>(x);
    if (isMin ? !(v >= best) : !(v <= best)) {
      best = v;
      at = j;
    }
  }
  return at;
}
