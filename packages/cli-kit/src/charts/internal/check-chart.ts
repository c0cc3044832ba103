import type {
  AxisSpec,
  BarChart,
  ChartSpec,
  Heatmap,
  Histogram,
  ImageGrid,
  LineChart,
  ScatterChart,
} from '../chart-spec.js';

const MAX_BINS = 200;

/** More would make drawings of many megabytes. */
const MAX_PIXELS = 100_000;

/**
 * The front door of every chart.
 *
 * @throws {TypeError} when the chart's type is unknown
 * @throws {RangeError} for empty charts and series, lengths that differ, numbers that are not finite, values a log axis
 * cannot show, and names used twice; the message says which series and which value
 */
export function checkChart(chart: ChartSpec): void {
  checkSize('width', chart.width);
  checkSize('height', chart.height);
  switch (chart.type) {
    case 'line':
      return checkLine(chart);
    case 'scatter':
      return checkScatter(chart);
    case 'bar':
      return checkBars(chart);
    case 'histogram':
      return checkHistogram(chart);
    case 'heatmap':
      return checkHeatmap(chart);
    case 'images':
      return checkImages(chart);
    default:
      throw new TypeError(
        `chart: type is ${JSON.stringify((chart as { type: unknown }).type)}, expected line, bar, heatmap, scatter, histogram or images`,
      );
  }
}

function checkLine(chart: LineChart): void {
  checkNames(chart.series);
  checkAxis('xAxis', chart.xAxis);
  checkAxis('yAxis', chart.yAxis);
  chart.series.forEach((series, i) => {
    const where = seriesName(i, series.name);
    checkPair(where, series.x, series.y, chart.xAxis, chart.yAxis);
    if (!series.band) return;
    const { lower, upper } = series.band;
    checkNumbers(`${where} band.lower`, lower, chart.yAxis, series.x.length);
    checkNumbers(`${where} band.upper`, upper, chart.yAxis, series.x.length);
    for (let k = 0; k < lower.length; k++) {
      if (lower[k]! <= upper[k]!) continue;
      throw new RangeError(
        `chart: ${where} band.lower[${k}] is ${lower[k]}, above band.upper[${k}], ${upper[k]}`,
      );
    }
  });
}

function checkScatter(chart: ScatterChart): void {
  checkNames(chart.series);
  checkAxis('xAxis', chart.xAxis);
  checkAxis('yAxis', chart.yAxis);
  chart.series.forEach((series, i) =>
    checkPair(seriesName(i, series.name), series.x, series.y, chart.xAxis, chart.yAxis),
  );
}

function checkBars(chart: BarChart): void {
  checkNames(chart.series);
  checkAxis('valueAxis', chart.valueAxis);
  checkLabels('categories', chart.categories);
  chart.series.forEach((series, i) => {
    const where = seriesName(i, series.name);
    checkNumbers(`${where} values`, series.values, undefined, chart.categories.length);
    if (!series.errors) return;
    checkNumbers(`${where} errors`, series.errors, undefined, chart.categories.length);
    const negative = Array.from(series.errors).findIndex((value) => value < 0);
    if (negative === -1) return;
    throw new RangeError(
      `chart: ${where} errors[${negative}] is ${series.errors[negative]}, expected 0 or more (half the error bar)`,
    );
  });
}

function checkHistogram(chart: Histogram): void {
  checkNames(chart.series);
  chart.series.forEach((series, i) => checkNumbers(`${seriesName(i, series.name)} values`, series.values));
  const { bins } = chart;
  if (bins === undefined || (Number.isInteger(bins) && bins >= 1 && bins <= MAX_BINS)) return;
  throw new RangeError(`chart: bins is ${bins}, expected a whole number from 1 to ${MAX_BINS}`);
}

function checkHeatmap(chart: Heatmap): void {
  checkLabels('rows', chart.rows);
  checkLabels('columns', chart.columns);
  if (chart.values.length !== chart.rows.length) {
    throw new RangeError(
      `chart: values has ${chart.values.length} rows, expected ${chart.rows.length} as in rows`,
    );
  }
  chart.values.forEach((row, i) => checkNumbers(`values[${i}]`, row, undefined, chart.columns.length));
}

function checkImages(chart: ImageGrid): void {
  checkLabels('rows', chart.rows);
  checkLabels('columns', chart.columns);
  const [high, wide] = chart.size;
  if (![high, wide].every((side) => Number.isInteger(side) && side >= 1)) {
    throw new RangeError(`chart: size is [${high}, ${wide}], expected whole numbers above 0`);
  }
  const pixels = chart.rows.length * chart.columns.length * high * wide;
  if (pixels > MAX_PIXELS) {
    throw new RangeError(`chart: images have ${pixels} pixels in all, expected at most ${MAX_PIXELS}`);
  }
  if (chart.images.length !== chart.rows.length) {
    throw new RangeError(
      `chart: images has ${chart.images.length} rows, expected ${chart.rows.length} as in rows`,
    );
  }
  chart.images.forEach((row, r) => {
    if (row.length !== chart.columns.length) {
      throw new RangeError(
        `chart: images[${r}] has ${row.length} pictures, expected ${chart.columns.length} as in columns`,
      );
    }
    row.forEach((image, c) => checkNumbers(`images[${r}][${c}]`, image, undefined, high * wide));
  });
}

const seriesName = (index: number, name: string): string => `series[${index}] "${name}"`;

function checkPair(
  where: string,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  xAxis: AxisSpec | undefined,
  yAxis: AxisSpec | undefined,
): void {
  if (x.length !== y.length) {
    throw new RangeError(
      `chart: ${where} has ${x.length} x values and ${y.length} y values, expected as many`,
    );
  }
  checkNumbers(`${where} x`, x, xAxis);
  checkNumbers(`${where} y`, y, yAxis);
}

function checkNumbers(
  where: string,
  values: ArrayLike<number>,
  axis?: AxisSpec,
  length = values.length,
): void {
  if (values.length !== length) {
    throw new RangeError(`chart: ${where} has ${values.length} values, expected ${length}`);
  }
  if (length === 0) throw new RangeError(`chart: ${where} is empty, expected at least one value`);
  for (let i = 0; i < length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value))
      throw new RangeError(`chart: ${where}[${i}] is ${value}, expected a finite number`);
    if (axis?.scale === 'log' && value <= 0) {
      throw new RangeError(`chart: ${where}[${i}] is ${value}, expected a number above 0 for a log axis`);
    }
  }
}

function checkAxis(name: string, axis: AxisSpec | undefined): void {
  if (!axis?.range) return;
  const [low, high] = axis.range;
  const possible =
    Number.isFinite(low) && Number.isFinite(high) && low < high && (axis.scale !== 'log' || low > 0);
  if (possible) return;
  const wanted = axis.scale === 'log' ? 'two numbers above 0' : 'two finite numbers';
  throw new RangeError(`chart: ${name}.range is [${low}, ${high}], expected ${wanted}, the smaller first`);
}

function checkNames(series: readonly { name: string }[]): void {
  if (series.length === 0) throw new RangeError('chart: series is empty, expected at least one');
  const names = new Set<string>();
  series.forEach(({ name }, i) => {
    if (names.has(name)) throw new RangeError(`chart: series[${i}] is called "${name}" as one before it`);
    names.add(name);
  });
}

function checkLabels(where: string, labels: readonly string[]): void {
  if (labels.length === 0) throw new RangeError(`chart: ${where} is empty, expected at least one`);
}

function checkSize(name: string, size: number | undefined): void {
  if (size === undefined || (Number.isFinite(size) && size >= 160 && size <= 4000)) return;
  throw new RangeError(`chart: ${name} is ${size}, expected 160 to 4000 px`);
}
