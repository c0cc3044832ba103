/** One axis of numbers. */
export interface AxisSpec {
  /** What the axis shows, with its unit. */
  label?: string;
  /** `log` is to base 10 and needs values above 0. Default `linear`. */
  scale?: 'linear' | 'log';
  /** Smallest and largest value shown. Default: from the data. */
  range?: readonly [number, number];
  /** Ticks at whole numbers only: counts, layers, epochs. Default false. */
  whole?: boolean;
}

interface ChartBase {
  /** What the chart shows, in a few words; read aloud by screen readers. */
  title: string;
  /** What one should see in it. Default: the kind of chart and its series. */
  description?: string;
  /** Width in px of the drawing, which shrinks with the page. Default 520. */
  width?: number;
  /** Height in px. Default 320; for heat maps and pictures it grows with the rows. */
  height?: number;
}

export interface LineSeries {
  name: string;
  x: ArrayLike<number>;
  /** As long as `x`. */
  y: ArrayLike<number>;
  /** A band around the line, such as the least and the greatest over seeds; each as long as `x`. */
  band?: { lower: ArrayLike<number>; upper: ArrayLike<number> };
  /** Dots on the values. Default: up to 30 values. */
  points?: boolean;
  /** For baselines and limits. Default false. */
  dashed?: boolean;
}

/** Lines over an axis of numbers. */
export interface LineChart extends ChartBase {
  type: 'line';
  xAxis?: AxisSpec;
  yAxis?: AxisSpec;
  series: readonly LineSeries[];
}

export interface BarSeries {
  name: string;
  /** One per category. */
  values: ArrayLike<number>;
  /** Half the length of the error bar, 0 or more, one per category. */
  errors?: ArrayLike<number>;
}

/** Bars from zero, grouped by category. */
export interface BarChart extends ChartBase {
  type: 'bar';
  categories: readonly string[];
  /** What the categories are. */
  categoryLabel?: string;
  /** The axis of values; linear, as bars start at zero. */
  valueAxis?: Omit<AxisSpec, 'scale'>;
  series: readonly BarSeries[];
  /** Bars to the right, for long category names. Default false. */
  horizontal?: boolean;
}

/** A grid of coloured cells: confusion matrices, cosine similarities, loss landscapes. */
export interface Heatmap extends ChartBase {
  type: 'heatmap';
  /** Names of the rows, first on top. */
  rows: readonly string[];
  /** Names of the columns, from the left. */
  columns: readonly string[];
  rowLabel?: string;
  columnLabel?: string;
  /** Shape `[rows, columns]`. */
  values: readonly ArrayLike<number>[];
  /** Two colours about zero instead of one from least to greatest. Default false. */
  diverging?: boolean;
}

export interface ScatterSeries {
  name: string;
  x: ArrayLike<number>;
  /** As long as `x`. */
  y: ArrayLike<number>;
}

/** Points. */
export interface ScatterChart extends ChartBase {
  type: 'scatter';
  xAxis?: AxisSpec;
  yAxis?: AxisSpec;
  series: readonly ScatterSeries[];
}

export interface HistogramSeries {
  name: string;
  values: ArrayLike<number>;
}

/** How often values fall into equal intervals; several series share the intervals. */
export interface Histogram extends ChartBase {
  type: 'histogram';
  /** What is counted; linear. */
  xAxis?: Pick<AxisSpec, 'label'>;
  series: readonly HistogramSeries[];
  /** About how many intervals, 1 to 200; their borders are round numbers. Default: by Freedman and Diaconis or by Sturges, whichever gives more, at most 60. */
  bins?: number;
}

/** Small pictures in rows and columns: what units of a network respond to, examples of a data set, masks. */
export interface ImageGrid extends ChartBase {
  type: 'images';
  /** Names of the rows, first on top. */
  rows: readonly string[];
  /** Names of the columns, from the left. */
  columns: readonly string[];
  /** Height and width of every picture, in pixels; at most 100,000 pixels in all. */
  size: readonly [number, number];
  /** Shape `[rows, columns]`; each picture line by line from the top. */
  images: readonly (readonly ArrayLike<number>[])[];
  /** Two colours about zero instead of one from least to greatest. Default false. */
  diverging?: boolean;
  /** Whether shades mean the same in `all` pictures, or go from least to greatest in `each`. Default `all`. */
  range?: 'all' | 'each';
}

/** Every chart this package draws: plain data that can be stored, sent to a worker and drawn anywhere. */
export type ChartSpec = LineChart | BarChart | Heatmap | ScatterChart | Histogram | ImageGrid;
