import type { CustomSeriesRenderItem } from 'echarts';
import { formatNumber } from '../../format-number.js';
import type { Heatmap } from '../chart-spec.js';
import { RAMP_STEPS } from '../palette.js';
import { categoryAxis, FONT, frame, labelAngle, textWidth, type Canvas } from './frame.js';

const ROW = 30;
const KEY_STEP = 9; // px of one shade in the colour key

/** Height in px that gives every row room, between 220 and 900. */
export const heatmapHeight = (chart: Heatmap): number =>
  Math.min(900, Math.max(220, chart.rows.length * ROW + 110));

/** Settings of a heat map: cells with their numbers where these fit, and a colour key above. */
export function heatmapOption(chart: Heatmap, canvas: Canvas): Record<string, unknown> {
  const { paint } = canvas;
  const [low, high] = colourRange(chart);
  const ramp = chart.diverging ? 'diverging' : 'ramp';
  const shade = (value: number): number =>
    high === low ? 0 : Math.min(RAMP_STEPS - 1, Math.floor(((value - low) / (high - low)) * RAMP_STEPS));
  const texts = chart.values.map((row) => Array.from(row, (value) => formatNumber(value, { digits: 3 })));
  const longest = texts.flat().reduce((widest, text) => Math.max(widest, textWidth(text)), 0);
  const renderItem: CustomSeriesRenderItem = (params, api) => {
    const row = Math.floor(params.dataIndex / chart.columns.length);
    const column = params.dataIndex % chart.columns.length;
    const [x, y] = api.coord([column, row]) as [number, number];
    const [width, height] = (api.size!([1, 1]) as number[]).map(Math.abs) as [number, number];
    const step = shade(chart.values[row]![column]!);
    const gap = Math.min(width, height) > 10 ? 1 : 0;
    const cell = {
      type: 'rect',
      shape: { x: x - width / 2, y: y - height / 2, width: width - gap, height: height - gap },
      style: { fill: paint(`${ramp}-${step}`) },
    };
    const label = {
      type: 'text',
      style: {
        text: texts[row]![column]!,
        x: x - gap / 2,
        y: y - gap / 2,
        fill: paint(`${ramp}-text-${step}`),
        font: `12px ${FONT}`,
        align: 'center',
        verticalAlign: 'middle',
      },
    };
    const fits = longest + 6 < width && height >= 16;
    return { type: 'group', children: fits ? [cell, label] : [cell] } as ReturnType<CustomSeriesRenderItem>;
  };
  const base = frame(canvas, [], 'patch', chart.rows);
  return {
    ...base,
    grid: { ...(base.grid as object), top: 40 },
    graphic: colourKey(canvas, ramp, low, high),
    xAxis: categoryAxis(canvas, chart.columns, chart.columnLabel, {
      rotate: labelAngle(canvas, chart.columns),
      line: false,
    }),
    yAxis: categoryAxis(canvas, chart.rows, chart.rowLabel, { inverse: true, line: false }),
    series: [
      {
        type: 'custom',
        renderItem,
        data: chart.values.flatMap((row, r) => Array.from(row, (value, c) => [c, r, value])),
        encode: { x: 0, y: 1, value: 2 },
        silent: true,
      },
    ],
  };
}

function colourRange(chart: Heatmap): [number, number] {
  const all = chart.values.flatMap((row) => Array.from(row));
  const low = all.reduce((a, b) => Math.min(a, b));
  const high = all.reduce((a, b) => Math.max(a, b));
  if (!chart.diverging) return [low, high];
  const reach = Math.max(Math.abs(low), Math.abs(high));
  return [-reach, reach];
}

/** The shades in a row at the top right, with least and greatest beside them. */
function colourKey(canvas: Canvas, ramp: string, low: number, high: number): object[] {
  const { paint, width } = canvas;
  const label = (value: number) => formatNumber(value, { digits: 3 });
  const right = width - 24 - textWidth(label(high)) - 6;
  const left = right - RAMP_STEPS * KEY_STEP;
  const text = (x: number, value: number, align: string): object => ({
    type: 'text',
    silent: true,
    style: {
      text: label(value),
      x,
      y: 14,
      align,
      verticalAlign: 'middle',
      fill: paint('muted'),
      font: `12px ${FONT}`,
    },
  });
  const shades = Array.from({ length: RAMP_STEPS }, (_, step) => ({
    type: 'rect',
    silent: true,
    shape: { x: left + step * KEY_STEP, y: 8, width: KEY_STEP, height: 12 },
    style: { fill: paint(`${ramp}-${step}`) },
  }));
  return [text(left - 6, low, 'right'), ...shades, text(right + 6, high, 'left')];
}
