import type { CustomSeriesRenderItem } from 'echarts';
import { formatNumber } from '../../format-number.js';
import type { BarChart, BarSeries } from '../chart-spec.js';
import { seriesColour } from '../palette.js';
import { categoryAxis, FONT, frame, labelAngle, textWidth, valueAxis, type Canvas } from './frame.js';

const WIDEST = 64;
const FILLED = 0.74; // share of a category's room that bars take
const GAP = 2;
const CAP = 4; // half the width of an error bar's ends
const MOST_NUMBERS = 16;

/** Settings of a bar chart; every bar is drawn by us, so that its error bar and its number sit on it. */
export function barOption(chart: BarChart, canvas: Canvas): Record<string, unknown> {
  const across = chart.horizontal ?? false;
  const values = valueAxis(canvas, chart.valueAxis, true);
  const angle = across ? 0 : labelAngle(canvas, chart.categories);
  const names = categoryAxis(canvas, chart.categories, chart.categoryLabel, {
    rotate: angle,
    inverse: across,
  });
  return {
    ...frame(
      canvas,
      chart.series.map((series) => series.name),
      'patch',
      across ? chart.categories : [],
    ),
    xAxis: across ? values : names,
    yAxis: across ? names : values,
    series: chart.series.map((series, i) => barSeries(chart, series, i, canvas)),
  };
}

function barSeries(
  chart: BarChart,
  series: BarSeries,
  index: number,
  canvas: Canvas,
): Record<string, unknown> {
  const across = chart.horizontal ?? false;
  const colour = canvas.paint(seriesColour(index));
  const numbered = chart.categories.length * chart.series.length <= MOST_NUMBERS;
  const errorOf = (k: number): number => series.errors?.[k] ?? 0;
  // Bars end at the ends of the axis; their numbers may stand outside.
  const [lowest, highest] = chart.valueAxis?.range ?? [-Infinity, Infinity];
  const shown = (v: number): number => Math.min(Math.max(v, lowest), highest);
  const renderItem: CustomSeriesRenderItem = (params, api) => {
    const k = params.dataIndex;
    const value = series.values[k]!;
    const at = (v: number): number => api.coord(across ? [shown(v), k] : [k, shown(v)])[across ? 0 : 1]!;
    const middle = api.coord(across ? [value, k] : [k, value])[across ? 1 : 0]!;
    const room = Math.abs((api.size!([1, 1]) as number[])[across ? 1 : 0]!) * FILLED;
    const step = Math.min(WIDEST, room / chart.series.length);
    const centre = middle + (index - (chart.series.length - 1) / 2) * step;
    const half = Math.max(1, step - GAP) / 2;
    const place = (along: number, side: number): [number, number] => (across ? [along, side] : [side, along]);
    const ends = [at(value - errorOf(k)), at(value + errorOf(k))] as const;
    const children: object[] = [box(place(at(0), centre - half), place(at(value), centre + half), colour)];
    if (errorOf(k) > 0) {
      const lines = [
        [place(ends[0], centre), place(ends[1], centre)],
        ...ends.map((end) => [place(end, centre - CAP), place(end, centre + CAP)]),
      ] as const;
      for (const [from, to] of lines) children.push(stroke(from!, to!, canvas.paint('ink')));
    }
    const text = formatNumber(value);
    if (numbered && (across ? step >= 13 : step >= textWidth(text))) {
      const outer = value < 0 ? ends[0] : ends[1];
      const away = value < 0 === across ? -5 : 5; // px; y grows downwards
      const [x, y] = place(outer + away, centre);
      children.push({
        type: 'text',
        style: {
          text,
          x,
          y,
          fill: canvas.paint('ink'),
          font: `11px ${FONT}`,
          align: across ? (value < 0 ? 'right' : 'left') : 'center',
          verticalAlign: across ? 'middle' : value < 0 ? 'top' : 'bottom',
        },
      });
    }
    return { type: 'group', children } as ReturnType<CustomSeriesRenderItem>;
  };
  return {
    type: 'custom',
    name: series.name,
    renderItem,
    data: Array.from(series.values, (value, k) => {
      const extent = [value, value - errorOf(k), value + errorOf(k)];
      return across ? [...extent, k] : [k, ...extent];
    }),
    encode: across ? { x: [0, 1, 2], y: 3 } : { x: 0, y: [1, 2, 3] },
    itemStyle: { color: colour },
    clip: false,
    silent: true,
  };
}

function box(a: [number, number], b: [number, number], fill: string): object {
  const [x, y] = [Math.min(a[0], b[0]), Math.min(a[1], b[1])];
  const shape = { x, y, width: Math.abs(a[0] - b[0]), height: Math.abs(a[1] - b[1]), r: 2 };
  return { type: 'rect', shape, style: { fill } };
}

function stroke(from: readonly [number, number], to: readonly [number, number], colour: string): object {
  const shape = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] };
  return { type: 'line', shape, style: { fill: 'none', stroke: colour, lineWidth: 1.5 } };
}
