import type { ChartSpec } from '../chart-spec.js';

/** The chart's own description, or what kind it is and what it holds. */
export function describeChart(chart: ChartSpec): string {
  if (chart.description) return chart.description;
  if (chart.type === 'heatmap')
    return `Heat map of ${chart.rows.length} rows and ${chart.columns.length} columns.`;
  if (chart.type === 'images') {
    return `Pictures of ${chart.rows.join(', ')}, each for ${chart.columns.join(', ')}.`;
  }
  const kind = { line: 'Line chart', bar: 'Bar chart', scatter: 'Scatter chart', histogram: 'Histogram' }[
    chart.type
  ];
  const named = chart.series.map((series) => series.name).join(', ');
  const extent = chart.type === 'bar' ? ` for ${chart.categories.join(', ')}` : '';
  return `${kind} of ${named}${extent}.`;
}
