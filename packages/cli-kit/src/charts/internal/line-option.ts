import type { CustomSeriesRenderItem } from 'echarts';
import type { LineChart, LineSeries } from '../chart-spec.js';
import { seriesColour } from '../palette.js';
import { dashOf, frame, symbolOf, valueAxis, type Canvas } from './frame.js';

const MOST_DOTS = 30;
const THINNED_ABOVE = 2000;

/** Settings of a line chart: for each series its band, if any, under its line. */
export function lineOption(chart: LineChart, canvas: Canvas): Record<string, unknown> {
  return {
    ...frame(
      canvas,
      chart.series.map((series) => series.name),
      'line',
    ),
    xAxis: valueAxis(canvas, chart.xAxis),
    yAxis: valueAxis(canvas, chart.yAxis),
    series: chart.series.flatMap((series, i) => [
      ...(series.band ? [bandSeries(series, series.band, canvas.paint(seriesColour(i)))] : []),
      lineSeries(series, i, canvas.paint(seriesColour(i))),
    ]),
  };
}

function lineSeries(series: LineSeries, index: number, colour: string): Record<string, unknown> {
  const x = Array.from(series.x);
  const ascending = x.every((value, i) => i === 0 || value >= x[i - 1]!);
  return {
    type: 'line',
    name: series.name,
    data: x.map((value, i) => [value, series.y[i]!]),
    showAllSymbol: true,
    symbol: (series.points ?? x.length <= MOST_DOTS) ? symbolOf(index) : 'none',
    symbolSize: 6,
    lineStyle: { color: colour, width: 2, type: series.dashed ? [6, 5] : dashOf(index), join: 'round' },
    itemStyle: { color: colour, borderWidth: 0 },
    sampling: ascending && x.length > THINNED_ABOVE ? 'lttb' : undefined,
    silent: true,
    z: 3,
  };
}

/** One polygon: along the upper border and back along the lower. Nameless, so that the legend shows the line. */
function bandSeries(
  series: LineSeries,
  band: NonNullable<LineSeries['band']>,
  colour: string,
): Record<string, unknown> {
  const x = Array.from(series.x);
  const renderItem: CustomSeriesRenderItem = (params, api) => {
    if (params.dataIndex !== 0) return null;
    const there = x.map((value, i) => api.coord([value, band.upper[i]!]));
    const back = x.map((value, i) => api.coord([value, band.lower[i]!])).reverse();
    return {
      type: 'polygon',
      shape: { points: [...there, ...back] },
      style: { fill: colour, fillOpacity: 0.24 },
    };
  };
  return {
    type: 'custom',
    renderItem,
    data: x.map((value, i) => [value, band.lower[i]!, band.upper[i]!]),
    encode: { x: 0, y: [1, 2] },
    itemStyle: { color: colour },
    clip: true,
    silent: true,
    z: 1,
  };
}
