export type {
  AxisSpec,
  BarChart,
  BarSeries,
  ChartSpec,
  Heatmap,
  Histogram,
  HistogramSeries,
  ImageGrid,
  LineChart,
  LineSeries,
  ScatterChart,
  ScatterSeries,
} from './chart-spec.js';
export { chartTable } from './chart-table.js';
export { chartColours, chartVariables, type ChartTheme } from './palette.js';
export { renderChart, type RenderChartOptions } from './render-chart.js';
