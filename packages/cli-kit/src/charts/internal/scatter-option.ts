import type { ScatterChart } from '../chart-spec.js';
import { seriesColour } from '../palette.js';
import { frame, symbolOf, valueAxis, type Canvas } from './frame.js';

/** Settings of a scatter chart: many points are drawn smaller and fainter. */
export function scatterOption(chart: ScatterChart, canvas: Canvas): Record<string, unknown> {
  const most = Math.max(...chart.series.map((series) => series.x.length));
  return {
    ...frame(
      canvas,
      chart.series.map((series) => series.name),
      'symbol',
    ),
    xAxis: valueAxis(canvas, chart.xAxis),
    yAxis: valueAxis(canvas, chart.yAxis),
    series: chart.series.map((series, i) => ({
      type: 'scatter',
      name: series.name,
      data: Array.from(series.x, (value, k) => [value, series.y[k]!]),
      symbol: symbolOf(i),
      symbolSize: most > 1000 ? 4 : 8,
      itemStyle: { color: canvas.paint(seriesColour(i)), opacity: most > 200 ? 0.55 : 0.85 },
      clip: true,
      silent: true,
    })),
  };
}
