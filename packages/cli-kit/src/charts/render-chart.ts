import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { GraphicComponent, GridComponent, LegendComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { escapeXml } from '../internal/escape-xml.js';
import type { ChartSpec, ImageGrid } from './chart-spec.js';
import { describeChart } from './internal/describe-chart.js';
import { barOption } from './internal/bar-option.js';
import { checkChart } from './internal/check-chart.js';
import type { Canvas } from './internal/frame.js';
import { drawImages, imagesHeight } from './internal/draw-images.js';
import { heatmapHeight, heatmapOption } from './internal/heatmap-option.js';
import { histogramOption } from './internal/histogram-option.js';
import { lineOption } from './internal/line-option.js';
import { scatterOption } from './internal/scatter-option.js';
import { tidySvg } from './internal/tidy-svg.js';
import { colourWriter, type ChartTheme } from './palette.js';

export interface RenderChartOptions {
  /**
   * `css` (default) writes `var(--wl-…, light colour)`, so that the page around decides (see `chartVariables`);
   * `light` and `dark` write fixed colours, for files that other programs open.
   */
  theme?: ChartTheme;
  /** Prefix of the ids inside the drawing; must differ between the charts of a page. Default: from the chart itself. */
  id?: string;
}

/**
 * Draw a chart as an SVG element, as text. Needs no DOM: runs in Node, in a page and in a worker, and gives the same
 * text for the same chart every time (a browser measures text more exactly than Node, so places may differ by some
 * pixels between the two).
 *
 * The element has `role="img"`, a title and a description; all text is escaped. Show {@link chartTable} beside it for
 * those who cannot see it.
 *
 * @returns one `<svg>` element with `width`, `height` and `viewBox`; `max-width: 100%; height: auto` lets it shrink
 * @throws {RangeError} when the chart is empty, lengths differ or a number is not finite; the message says where
 * @throws {TypeError} when the chart's type is unknown
 */
export function renderChart(chart: ChartSpec, options: RenderChartOptions = {}): string {
  const { theme = 'css', id = `wl-${hash(JSON.stringify(chart))}` } = options;
  checkChart(chart);
  if (!/^[A-Za-z][\w-]*$/.test(id)) {
    throw new RangeError(`renderChart: id is "${id}", expected a letter, then letters, digits, - and _`);
  }
  const width = chart.width ?? 520;
  const height = chart.height ?? heightOf(chart, width);
  const canvas = { width, height, paint: colourWriter(theme) };
  const drawing =
    chart.type === 'images'
      ? drawImages(chart, canvas)
      : tidySvg(draw(optionOf(chart, canvas), width, height), id);
  const open =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"` +
    ` role="img" aria-labelledby="${id}-title ${id}-desc">`;
  const title = `<title id="${id}-title">${escapeXml(chart.title)}</title>`;
  const description = `<desc id="${id}-desc">${escapeXml(describeChart(chart))}</desc>`;
  return `${open}${title}${description}${drawing}</svg>`;
}

function heightOf(chart: ChartSpec, width: number): number {
  if (chart.type === 'heatmap') return heatmapHeight(chart);
  return chart.type === 'images' ? imagesHeight(chart, width) : 320;
}

function optionOf(chart: Exclude<ChartSpec, ImageGrid>, canvas: Canvas): Record<string, unknown> {
  switch (chart.type) {
    case 'line':
      return lineOption(chart, canvas);
    case 'bar':
      return barOption(chart, canvas);
    case 'scatter':
      return scatterOption(chart, canvas);
    case 'histogram':
      return histogramOption(chart, canvas);
    case 'heatmap':
      return heatmapOption(chart, canvas);
  }
}

function draw(option: Record<string, unknown>, width: number, height: number): string {
  // Here and not at the top: importing this file must do nothing. Repeating it costs nothing.
  use([
    BarChart,
    CustomChart,
    LineChart,
    ScatterChart,
    GraphicComponent,
    GridComponent,
    LegendComponent,
    SVGRenderer,
  ]);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

/** FNV-1a, 32 bits, in base 36: a short name that is the same for the same text. */
function hash(text: string): string {
  let state = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  return (state >>> 0).toString(36);
}
