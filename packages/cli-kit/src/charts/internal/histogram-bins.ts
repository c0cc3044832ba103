import { bin, extent, thresholdFreedmanDiaconis, thresholdSturges, tickIncrement } from 'd3-array';
import type { Histogram } from '../chart-spec.js';

const MOST_BINS = 60;
const NARROW = 1e-12; // relative: below this the borders of intervals would be lost in rounding

/** Intervals shared by all series (`edges`, one more than intervals) and counts of shape `[series, intervals]`. */
export interface HistogramBins {
  edges: number[];
  counts: number[][];
}

/**
 * Count the values of every series in the same intervals, whose borders are round numbers. An interval holds its lower
 * border; the last also its upper. Values that are all equal, but for rounding, get one interval
 * around them, of width 1 for values below a million.
 */
export function histogramBins(chart: Histogram): HistogramBins {
  const series = chart.series.map((one) => Array.from(one.values));
  const all = series.flat();
  const [low, high] = extent(all) as [number, number];
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low <= Math.max(NARROW * size, 1e-300)) {
    const half = Math.max(0.5, size * 1e-6);
    return { edges: [low - half, high + half], counts: series.map((values) => [values.length]) };
  }
  const wanted =
    chart.bins ??
    Math.min(MOST_BINS, Math.max(thresholdFreedmanDiaconis(all, low, high), thresholdSturges(all)));
  const edges = roundEdges(low, high, wanted);
  const count = bin()
    .domain([edges[0]!, edges.at(-1)!])
    .thresholds(edges.slice(1, -1));
  return { edges, counts: series.map((values) => count(values).map((one) => one.length)) };
}

/** Multiples of 1, 2 or 5 times a power of ten, from at or below `low` to at or above `high`. */
function roundEdges(low: number, high: number, wanted: number): number[] {
  const increment = tickIncrement(low, high, wanted); // below zero it is -1 / step, which keeps 0.1 exact
  const edge = (i: number): number => (increment < 0 ? i / -increment : i * increment);
  const place = (value: number): number => (increment < 0 ? value * -increment : value / increment);
  let first = Math.floor(place(low));
  let last = Math.ceil(place(high));
  if (edge(first) > low) first--; // rounding
  if (edge(last) < high) last++;
  return Array.from({ length: last - first + 1 }, (_, i) => edge(first + i));
}
