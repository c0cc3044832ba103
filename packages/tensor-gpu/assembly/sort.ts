// Stable argsort on unsigned 32-bit keys whose order is the order wanted.

/** Below this length insertion beats counting. */
const SHORT: i32 = 128;
/** From this length on the second half of the workspace has room for 256 counters. */
const LONG: i32 = 1024;

/**
 * Stable order of each row of float32 x `[rows, n]`, as int32; a NaN comes last in both directions, and the two zeros
 * are equal. `ws` holds `2 n` 4-byte words.
 */
export function argsortRows(rows: i32, n: i32, x: usize, out: usize, ws: usize, descending: i32): void {
  sortRows(rows, n, x, out, ws, true, descending ? <u32>-1 : 0);
}

/** `argsortRows` for int32 x. */
export function argsortRowsI32(rows: i32, n: i32, x: usize, out: usize, ws: usize, descending: i32): void {
  sortRows(rows, n, x, out, ws, false, descending ? <u32>-1 : 0);
}

function sortRows(rows: i32, n: i32, x: usize, out: usize, ws: usize, float: bool, flip: u32): void {
  const bytes = (<usize>n) << 2;
  for (let r = 0; r < rows; r++) {
    if (n < SHORT) insertionSort(n, x, out, ws, float, flip);
    else countingSort(n, x, out, ws, float, flip, n < LONG ? 4 : 8);
    x += bytes;
    out += bytes;
  }
}

/** Key of the element at `p`: unsigned order of keys is the order of elements, flipped for a descending sort. */
function keyOf(p: usize, float: bool, flip: u32): u32 {
  const bits = load<u32>(p);
  if (!float) return bits ^ 0x80000000 ^ flip;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return <u32>-1;
  if (magnitude == 0) return 0x80000000 ^ flip;
  return (<i32>bits < 0 ? ~bits : bits | 0x80000000) ^ flip;
}

function insertionSort(n: i32, x: usize, out: usize, keys: usize, float: bool, flip: u32): void {
  const end = (<usize>n) << 2;
  for (let i: usize = 0; i < end; i += 4) {
    const key = keyOf(x + i, float, flip);
    let j = i;
    while (j > 0) {
      const before = load<u32>(keys + j - 4);
      if (before <= key) break;
      store<u32>(keys + j, before);
      store<u32>(out + j, load<u32>(out + j - 4));
      j -= 4;
    }
    store<u32>(keys + j, key);
    store<u32>(out + j, <u32>(i >> 2));
  }
}

/** Counting sort by digits of `digit` bits, least significant first; digits that all keys share are skipped. */
function countingSort(n: i32, x: usize, out: usize, ws: usize, float: bool, flip: u32, digit: u32): void {
  const end = (<usize>n) << 2;
  const counts = ws + end;
  const buckets = (<usize>1) << digit;
  const mask = <u32>(buckets - 1);
  let from = out;
  let to = ws;
  for (let i: usize = 0; i < end; i += 4) store<u32>(out + i, <u32>(i >> 2));
  for (let shift: u32 = 0; shift < 32; shift += digit) {
    memory.fill(counts, 0, buckets << 2);
    for (let i: usize = 0; i < end; i += 4) {
      const at = counts + ((<usize>((keyOf(x + i, float, flip) >> shift) & mask)) << 2);
      store<u32>(at, load<u32>(at) + 1);
    }
    if (load<u32>(counts + ((<usize>((keyOf(x, float, flip) >> shift) & mask)) << 2)) == <u32>n) continue;
    let start: u32 = 0;
    for (let i: usize = 0; i < buckets << 2; i += 4) {
      const count = load<u32>(counts + i);
      store<u32>(counts + i, start);
      start += count;
    }
    for (let i: usize = 0; i < end; i += 4) {
      const index = load<u32>(from + i);
      const key = keyOf(x + ((<usize>index) << 2), float, flip);
      const at = counts + ((<usize>((key >> shift) & mask)) << 2);
      const place = load<u32>(at);
      store<u32>(at, place + 1);
      store<u32>(to + ((<usize>place) << 2), index);
    }
    const swap = from;
    from = to;
    to = swap;
  }
  if (from != out) memory.copy(out, from, end);
}
