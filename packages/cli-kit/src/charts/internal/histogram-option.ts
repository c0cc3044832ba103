import type { CustomSeriesRenderItem } from 'echarts';
import type { Histogram } from '../chart-spec.js';
import { seriesColour } from '../palette.js';
import { frame, valueAxis, type Canvas } from './frame.js';
import { histogramBins } from './histogram-bins.js';

/** Settings of a histogram; several series lie over one another, half transparent, each with its outline. */
export function histogramOption(chart: Histogram, canvas: Canvas): Record<string, unknown> {
  const { edges, counts } = histogramBins(chart);
  const alone = chart.series.length === 1;
  return {
    ...frame(
      canvas,
      chart.series.map((series) => series.name),
      'patch',
    ),
    xAxis: {
      ...valueAxis(canvas, { ...chart.xAxis, range: [edges[0]!, edges.at(-1)!] }),
      splitLine: { show: false },
    },
    yAxis: valueAxis(canvas, { label: 'count' }, true),
    series: chart.series.map((series, i) => {
      const colour = canvas.paint(seriesColour(i));
      const renderItem: CustomSeriesRenderItem = (params, api) => {
        const k = params.dataIndex;
        if (counts[i]![k] === 0) return null;
        const [left, top] = api.coord([edges[k]!, counts[i]![k]!]) as [number, number];
        const [right, bottom] = api.coord([edges[k + 1]!, 0]) as [number, number];
        const width = Math.max(0.5, right - left - 1);
        return {
          type: 'rect',
          shape: { x: left + 0.5, y: top, width, height: bottom - top },
          style: {
            fill: colour,
            fillOpacity: alone ? 1 : 0.45,
            ...(alone ? {} : { stroke: colour, lineWidth: 1 }),
          },
        };
      };
      return {
        type: 'custom',
        name: series.name,
        renderItem,
        data: counts[i]!.map((count, k) => [(edges[k]! + edges[k + 1]!) / 2, count]),
        encode: { x: 0, y: 1 },
        itemStyle: { color: colour },
        silent: true,
      };
    }),
  };
}
