/** Prediction intervals, one per row, with what had to be said about them. */
export interface Intervals {
  /** Lower ends, `[n]`; `-Infinity` where the interval is open below. */
  readonly lower: Float64Array;
  /** Upper ends, `[n]`, never below `lower`; `+Infinity` where open above. */
  readonly upper: Float64Array;
  /** Why ends that should be finite are infinite: too few scores for the asked coverage. Empty when all is well. */
  readonly reasons: readonly string[];
  /** Rows whose base quantiles crossed (lower above upper) and were swapped first. */
  readonly swapped: number;
  /** Rows whose interval shrank to the empty set and is reported as its middle point, which only adds coverage. */
  readonly empty: number;
}

/** Assembles intervals; an empty one (`lower > upper`) becomes its middle point and is counted. */
export function closeIntervals(
  lower: Float64Array,
  upper: Float64Array,
  reasons: readonly string[] = [],
  swapped = 0,
): Intervals {
  let empty = 0;
  for (let i = 0; i < lower.length; i++) {
    if (lower[i]! <= upper[i]!) continue;
    lower[i] = upper[i] = lower[i]! / 2 + upper[i]! / 2;
    empty++;
  }
  return { lower, upper, reasons, swapped, empty };
}

/** Copies a pair of bounds, swapping the rows where they cross; answers how many did. */
export function orderBounds(lower: Float64Array, upper: Float64Array): number {
  let swapped = 0;
  for (let i = 0; i < lower.length; i++) {
    if (lower[i]! <= upper[i]!) continue;
    [lower[i], upper[i]] = [upper[i]!, lower[i]!];
    swapped++;
  }
  return swapped;
}
