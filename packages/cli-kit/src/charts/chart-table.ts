import type { Table, TableCell } from '../table.js';
import type { ChartSpec, LineChart, ScatterChart } from './chart-spec.js';
import { checkChart } from './internal/check-chart.js';
import { histogramBins } from './internal/histogram-bins.js';

/**
 * The numbers of a chart as a table, for those who cannot see it or want to copy them.
 *
 * @throws as `renderChart` does
 */
export function chartTable(chart: ChartSpec): Table {
  checkChart(chart);
  switch (chart.type) {
    case 'line':
    case 'scatter':
      return pointTable(chart);
    case 'bar': {
      const columns = chart.series.flatMap((series) => [
        series.name,
        ...(series.errors ? [`${series.name} ±`] : []),
      ]);
      const rows = chart.categories.map((category, k) => [
        category,
        ...chart.series.flatMap((series) => [
          series.values[k]!,
          ...(series.errors ? [series.errors[k]!] : []),
        ]),
      ]);
      return { columns: [chart.categoryLabel ?? '', ...columns], rows };
    }
    case 'heatmap':
      return {
        columns: [[chart.rowLabel, chart.columnLabel].filter(Boolean).join(' \\ '), ...chart.columns],
        rows: chart.rows.map((name, r) => [name, ...Array.from(chart.values[r]!)]),
      };
    case 'images':
      return {
        columns: ['row', 'column', 'least', 'mean', 'greatest'],
        rows: chart.rows.flatMap((row, r) =>
          chart.columns.map((column, c): TableCell[] => {
            const pixels = Array.from(chart.images[r]![c]!);
            const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
            return [row, column, Math.min(...pixels), mean, Math.max(...pixels)];
          }),
        ),
      };
    case 'histogram': {
      const { edges, counts } = histogramBins(chart);
      return {
        columns: ['from', 'to', ...chart.series.map((series) => series.name)],
        rows: edges.slice(1).map((edge, k) => [edges[k]!, edge, ...counts.map((count) => count[k]!)]),
      };
    }
  }
}

/** One row per point. A line's band adds its two columns to every series where any series has one. */
function pointTable(chart: LineChart | ScatterChart): Table {
  const bands = chart.series.map((series) => ('band' in series ? series.band : undefined));
  const banded = bands.some((band) => band !== undefined);
  const rows = chart.series.flatMap((series, s) =>
    Array.from(series.x, (x, k): TableCell[] => [
      series.name,
      x,
      series.y[k]!,
      ...(banded ? [bands[s]?.lower[k] ?? null, bands[s]?.upper[k] ?? null] : []),
    ]),
  );
  return {
    columns: [
      'series',
      chart.xAxis?.label ?? 'x',
      chart.yAxis?.label ?? 'y',
      ...(banded ? ['lower', 'upper'] : []),
    ],
    rows,
  };
}
