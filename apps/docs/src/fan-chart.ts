import type { ChartSpec, LineSeries } from '@weightloom/cli-kit/charts';

export interface FanChartOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Rising places, `[n]`. */
  readonly x: readonly number[];
  /** Levels symmetric around a median, `[m]`, `m` odd. */
  readonly levels: readonly number[];
  /** Quantiles at each place, `[n][m]`. */
  readonly quantiles: readonly ArrayLike<number>[];
  /** Lines beside the fan. */
  readonly others?: readonly LineSeries[];
  readonly range?: readonly [number, number];
}

/** A fan chart: every central interval as a band around the line of medians. */
export function fanChart(options: FanChartOptions): ChartSpec {
  const { title, x, levels, quantiles, others = [], xLabel, yLabel, range } = options;
  const column = (k: number): number[] => quantiles.map((row) => row[k]!);
  const last = levels.length - 1;
  const median = column(last / 2);
  const bands = Array.from({ length: last / 2 }, (_, k) => ({
    name: `${levels[k]} to ${levels[last - k]}`,
    x,
    y: median,
    band: { lower: column(k), upper: column(last - k) },
    points: false,
  }));
  return {
    type: 'line',
    title,
    xAxis: { label: xLabel },
    yAxis: { label: yLabel, ...(range && { range }) },
    series: [...bands, { name: 'median', x, y: median, points: false }, ...others],
  };
}
