import type { ChartSpec, LineSeries } from '@weightloom/cli-kit/charts';
import { calibrationCurve } from '../scores/calibration-curve.js';
import { pitQuantiles } from '../scores/pit.js';
import type { Forecast } from './read-forecast.js';

/** Most points a chart shows; longer files are thinned evenly. */
const MOST_POINTS = 2000;

/**
 * A fan chart: the median as a line, each central interval as a band around it, outcomes as points.
 *
 * @param along - place of each row on the axis, `[n]`; rows are drawn in its order
 */
export function fanChart(forecast: Forecast, along: Float64Array, label: string, target?: string): ChartSpec {
  const { levels, predictions, y } = forecast;
  const m = levels.length;
  const order = [...along.keys()].sort((a, b) => along[a]! - along[b]! || a - b);
  const step = Math.max(1, Math.ceil(order.length / MOST_POINTS));
  const shown = order.filter((_, k) => k % step === 0);
  const column = (k: number): Float64Array => Float64Array.from(shown, (i) => predictions.data[i * m + k]!);
  const x = Float64Array.from(shown, (i) => along[i]!);
  const [below, above] = [column((m - 1) >> 1), column(m >> 1)];
  const middle = below.map((value, k) => (value + above[k]!) / 2);
  const bands: LineSeries[] = Array.from({ length: m >> 1 }, (_, k) => ({
    name: `q${levels[k]} to q${levels[m - 1 - k]}`,
    x,
    y: middle,
    band: { lower: column(k), upper: column(m - 1 - k) },
    points: false,
  }));
  const centre: LineSeries = { name: `q${levels[m >> 1]}`, x, y: middle, points: false };
  const outcomes: LineSeries[] =
    target === undefined
      ? []
      : [{ name: target, x, y: Float64Array.from(shown, (i) => y[i]!), dashed: true }];
  return {
    type: 'line',
    title: 'Fan chart',
    description: `Predicted quantiles${target === undefined ? '' : ` and ${target}`} over ${label}.`,
    width: 720,
    height: 380,
    xAxis: { label },
    yAxis: { ...(target !== undefined && { label: target }) },
    series: [...bands, ...(m % 2 === 1 ? [centre] : []), ...outcomes],
  };
}

/** Observed against nominal levels, with the band in which a calibrated forecast stays. */
export function calibrationChart({ levels, predictions, y }: Forecast): ChartSpec {
  const { observed, bandLower, bandUpper } = calibrationCurve(y, predictions, levels);
  return {
    type: 'line',
    title: 'Calibration',
    description:
      'Share of outcomes at or below each predicted quantile; the band holds 95% of calibrated forecasts.',
    xAxis: { label: 'level', range: [0, 1] },
    yAxis: { label: 'observed share', range: [0, 1] },
    series: [
      {
        name: 'calibrated',
        x: levels,
        y: levels,
        band: { lower: bandLower, upper: bandUpper },
        dashed: true,
        points: false,
      },
      { name: 'observed', x: levels, y: observed, points: true },
    ],
  };
}

/** Histogram of the probability integral transform: flat when calibrated. */
export function pitChart({ levels, predictions, y }: Forecast): ChartSpec {
  return {
    type: 'histogram',
    title: 'Probability integral transform',
    description: 'Flat for a calibrated forecast, a cup for one too narrow, a cap for one too wide.',
    xAxis: { label: 'level at which the predicted quantile is the outcome' },
    series: [{ name: 'rows', values: pitQuantiles(y, predictions, levels) }],
    bins: 10,
  };
}
