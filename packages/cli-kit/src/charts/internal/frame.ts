import { formatNumber } from '../../format-number.js';
import type { AxisSpec } from '../chart-spec.js';
import { seriesColour, seriesRound } from '../palette.js';

/** What every drawing function gets: its size, and names of colours → what to write. */
export interface Canvas {
  width: number;
  height: number;
  paint: (name: string) => string;
}

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'.replaceAll('"', "'");
const FONT_SIZE = 12;
const LEGEND_ROW = 22;
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'arrow'];
const DASHES = ['solid', [8, 4], [2, 3], [10, 3, 2, 3]] as const;

/** A guess of the width of a text in px, used only to leave room. */
export const textWidth = (text: string): number => text.length * FONT_SIZE * 0.56;

/** Symbol of series `index`: six shapes, in step with the six colours. */
export const symbolOf = (index: number): string => SYMBOLS[index % SYMBOLS.length]!;

/** Dash of series `index`: solid until the colours repeat. */
export const dashOf = (index: number): 'solid' | number[] => {
  const dash = DASHES[seriesRound(index) % DASHES.length]!;
  return dash === 'solid' ? dash : [...dash];
};

/** How the legend shows a series: as a piece of its line, as its symbol, or as a patch of its colour. */
type LegendIcon = 'line' | 'symbol' | 'patch';

/**
 * Settings shared by all charts: text, no animation, room for axes and legend; the legend shows where there is
 * something to tell apart. `leftLabels` are the names of a category axis on the left, whose width the library
 * guesses too small for wide fonts.
 */
export function frame(
  canvas: Canvas,
  names: readonly string[],
  icon: LegendIcon = 'patch',
  leftLabels: readonly string[] = [],
): Record<string, unknown> {
  const { paint, width } = canvas;
  const shown = names.length > 1 ? names : [];
  const rows = legendRows(shown, width);
  const slack = 0.12 * Math.max(0, ...leftLabels.map(textWidth));
  return {
    animation: false,
    backgroundColor: 'transparent',
    color: names.map((_, i) => paint(seriesColour(i))),
    textStyle: { fontFamily: FONT, fontSize: FONT_SIZE, color: paint('ink') },
    legend: {
      show: shown.length > 0,
      data: shown.map((name, i) => ({
        name,
        icon: { line: undefined, symbol: symbolOf(i), patch: 'roundRect' }[icon],
      })),
      left: 8,
      right: 8,
      top: 0,
      itemWidth: icon === 'line' ? 26 : 14,
      itemHeight: 8,
      itemGap: 26,
      selectedMode: false,
      textStyle: { color: paint('ink'), fontFamily: FONT, fontSize: FONT_SIZE },
    },
    grid: { left: 16 + slack, right: 20, top: 18 + rows * LEGEND_ROW, bottom: 12, outerBoundsMode: 'same' },
  };
}

function legendRows(names: readonly string[], width: number): number {
  let rows = names.length > 0 ? 1 : 0;
  let used = 16;
  for (const name of names) {
    const item = textWidth(name) + 54;
    if (used + item > width && used > 16) {
      rows++;
      used = 16;
    }
    used += item;
  }
  return rows;
}

const axisName = (canvas: Canvas, label: string | undefined) => ({
  name: label,
  nameLocation: 'middle',
  nameGap: 10,
  nameTextStyle: { color: canvas.paint('muted'), fontFamily: FONT, fontSize: FONT_SIZE },
});

/** An axis of numbers with thin lines across the drawing. */
export function valueAxis(
  canvas: Canvas,
  axis: AxisSpec | undefined,
  fromZero = false,
): Record<string, unknown> {
  const { paint } = canvas;
  return {
    type: axis?.scale === 'log' ? 'log' : 'value',
    scale: !fromZero,
    min: axis?.range?.[0],
    max: axis?.range?.[1],
    minInterval: axis?.whole ? 1 : undefined,
    ...axisName(canvas, axis?.label),
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: paint('grid'), width: 1 } },
    axisLabel: {
      color: paint('muted'),
      hideOverlap: true,
      formatter: (value: number) => formatNumber(value, { digits: 6 }),
    },
  };
}

/** Up to so many names are all shown, turned where they need to be. */
const FEW_NAMES = 16;

/** An axis of names. */
export function categoryAxis(
  canvas: Canvas,
  categories: readonly string[],
  label: string | undefined,
  options: { rotate?: number; inverse?: boolean; line?: boolean } = {},
): Record<string, unknown> {
  const { paint } = canvas;
  return {
    type: 'category',
    data: [...categories],
    inverse: options.inverse ?? false,
    ...axisName(canvas, label),
    axisLine: { show: options.line ?? true, lineStyle: { color: paint('muted'), width: 1 } },
    axisTick: { show: false },
    splitLine: { show: false },
    axisLabel: {
      color: paint('ink'),
      rotate: options.rotate ?? 0,
      ...(categories.length <= FEW_NAMES ? { interval: 0 } : { hideOverlap: true }),
    },
  };
}

/** The angle at which names fit beside one another under a drawing. */
export function labelAngle(canvas: Canvas, categories: readonly string[]): number {
  const room = (canvas.width - 80) / categories.length;
  return categories.some((name) => textWidth(name) + 8 > room) ? 35 : 0;
}
