import type { ChartSpec } from '@weightloom/cli-kit/charts';
import { cliAction, type CliResult, writeReport } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { Option } from 'commander';
import { scoreQuantiles } from '../scores/score-quantiles.js';
import { columnOf } from './read-csv.js';
import type { MissingPolicy } from './cells.js';
import { calibrationChart, fanChart, pitChart } from './forecast-charts.js';
import { NumberList } from './number-list.js';
import { axisReader } from './read-axis.js';
import { withMissing } from './options.js';
import type { Forecast } from './read-forecast.js';
import { openForecast } from './read-forecast.js';
import { writeText } from './write-text.js';

interface PlotOptions {
  target?: string;
  x?: string;
  kind?: 'fan' | 'calibration' | 'pit';
  out: string;
  missing: MissingPolicy;
}

/** Adds `plot`. */
export function addPlotCommand(program: Command): void {
  const command = program
    .command('plot <forecast>')
    .description('draw a forecast (CSV file with columns q<level>): an HTML report, or one chart as SVG')
    .option('--target <column>', 'column of the outcomes, for calibration and scores')
    .option(
      '--x <column>',
      'what the fan chart runs over, numbers or ISO dates; default the order of the rows',
    )
    .addOption(
      new Option('--kind <name>', 'which chart to write as SVG; default fan').choices([
        'fan',
        'calibration',
        'pit',
      ]),
    )
    .requiredOption('--out <file>', 'file to write, .html or .svg');
  withMissing(command).action(cliAction<[string], PlotOptions>(({ options }, path) => plot(path, options)));
}

async function plot(path: string, options: PlotOptions): Promise<CliResult> {
  const { out, target, kind } = options;
  const svg = out.endsWith('.svg');
  if (!svg && !out.endsWith('.html'))
    throw new Error(`--out is ${out}, expected a name that ends in .html or .svg`);
  if (!svg && kind !== undefined)
    throw new Error('--kind chooses the chart of an .svg file; an .html report has all of them');
  if (kind !== undefined && kind !== 'fan' && target === undefined)
    throw new Error(`a ${kind} chart needs --target, the column of the outcomes`);
  const { forecast, along, label } = await readPlotted(path, options);
  const charts: Record<string, ChartSpec> = {
    fan: fanChart(forecast, along, label, target),
    ...(target !== undefined && { calibration: calibrationChart(forecast), pit: pitChart(forecast) }),
  };
  if (svg) {
    const { renderChart } = await import('@weightloom/cli-kit/charts');
    await writeText(out, `${renderChart(charts[kind ?? 'fan']!, { theme: 'light' })}\n`);
  } else {
    await writeReport(out, {
      title: 'Quantile forecast',
      subtitle: path,
      sections: [
        ...(target === undefined ? [] : [scoreSection(forecast)]),
        { type: 'charts', heading: 'Forecast', charts: [charts.fan!] },
        ...(target === undefined
          ? []
          : [
              { type: 'charts' as const, heading: 'Calibration', charts: [charts.calibration!, charts.pit!] },
            ]),
      ],
    });
  }
  const drawn = svg ? [kind ?? 'fan'] : Object.keys(charts);
  return {
    json: { out, rows: forecast.predictions.rows, charts: drawn },
    text: `Drew ${drawn.join(', ')} of ${forecast.predictions.rows} rows to ${out}.`,
  };
}

function scoreSection({ y, predictions, levels }: Forecast) {
  const { count, meanPinball, crps, wis, calibrationError, crossing } = scoreQuantiles(
    y,
    predictions,
    levels,
  );
  return {
    type: 'figures' as const,
    figures: [
      { label: 'rows', value: count },
      { label: 'mean pinball loss', value: meanPinball },
      { label: 'CRPS', value: crps },
      ...(wis ? [{ label: 'WIS', value: wis.total }] : []),
      { label: 'calibration error', value: calibrationError, note: 'mean |observed - level|' },
      { label: 'crossing rows', value: `${(100 * crossing).toFixed(1)}%` },
    ],
  };
}

/** The forecast and where each of its rows stands on the axis. */
async function readPlotted(
  path: string,
  { target, x, missing }: PlotOptions,
): Promise<{ forecast: Forecast; along: Float64Array; label: string }> {
  const { file, levels, rows } = await openForecast(path, missing, target);
  const at = x === undefined ? undefined : columnOf(file, x);
  const axis = axisReader();
  const quantiles = new NumberList();
  const y = new NumberList();
  const along = new NumberList();
  const kept: boolean[] = [];
  for await (const row of rows) {
    const place =
      row && at !== undefined
        ? axis.read(row.cells[at]!, { path, line: row.line, column: x! }, missing)
        : kept.length + 1;
    kept.push(row !== undefined && place !== undefined);
    if (!row || place === undefined) continue;
    row.quantiles.forEach((value) => quantiles.push(value));
    y.push(row.outcome);
    along.push(place);
  }
  if (y.length === 0) throw new Error(`${path} has no ${kept.length > 0 ? 'complete ' : ''}rows`);
  const predictions = { data: quantiles.values(), rows: y.length, columns: levels.length };
  const date = axis.firstDate();
  const places = along.values();
  const start = date === undefined ? 0 : places[0]!;
  return {
    forecast: { levels, predictions, y: y.values(), kept },
    along: places.map((place) => place - start),
    label: date === undefined ? (x ?? 'row') : `${x}, days from ${date}`,
  };
}
