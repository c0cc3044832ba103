import { chartTable, renderChart, type ChartSpec } from '@weightloom/cli-kit/charts';
import type { Table } from '@weightloom/cli-kit';

/** A chart ready for a page: plain data, so that a built page can carry it. */
export interface DrawnChart {
  readonly title: string;
  /** One `<svg>` element, in colours the page decides. */
  readonly svg: string;
  /** The numbers of the chart, for those who cannot see it. */
  readonly table: Table;
}

// While a site is developed, echarts asks for `global` where there is no `window`: in a worker there is neither.
(globalThis as { global?: unknown }).global ??= globalThis;

/** Draws a chart. */
export const drawChart = (chart: ChartSpec): DrawnChart => ({
  title: chart.title,
  svg: renderChart(chart),
  table: chartTable(chart),
});
