/**
 * Quantile of sorted numbers by linear interpolation between order statistics (R's type 7, NumPy's default).
 *
 * @param sorted - ascending, at least one number
 */
export function sampleQuantile(sorted: ArrayLike<number>, level: number): number {
  const at = level * (sorted.length - 1);
  const low = Math.floor(at);
  const value = sorted[low]!;
  return low + 1 < sorted.length ? value + (at - low) * (sorted[low + 1]! - value) : value;
}
