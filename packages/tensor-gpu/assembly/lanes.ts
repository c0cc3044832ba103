/** Stores the first `n` of 4 words; all of them when n is 4 or more. */
export function storeWords(at: usize, v: v128, n: i32): void {
  if (n >= 4) {
    v128.store(at, v);
    return;
  }
  v128.store32_lane(at, v, 0);
  if (n > 1) v128.store32_lane(at, v, 1, 4);
  if (n > 2) v128.store32_lane(at, v, 2, 8);
}
