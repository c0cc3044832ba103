import { cliAction, type CliResult } from '@weightloom/cli-kit/node';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { CalibratedQuantiles, CalibratedQuantilesState } from '../conformal/calibrate-quantiles.js';
import { calibrateQuantiles, restoreCalibratedQuantiles } from '../conformal/calibrate-quantiles.js';
import type { MissingPolicy } from './cells.js';
import { nameList, withMissing } from './options.js';
import { matrixRows, readForecast } from './read-forecast.js';
import { readJson } from './saved-model.js';
import { writeForecast } from './write-forecast.js';
import { writeText } from './write-text.js';

interface CalibrateOptions {
  target?: string;
  state?: string;
  tails: 'symmetric' | 'asymmetric';
  apply?: string;
  keep?: string[];
  out?: string;
  save?: string;
  missing: MissingPolicy;
}

const FORMAT = 'weightloom-quantile-calibration';

/** Adds `calibrate`. */
export function addCalibrateCommand(program: Command): void {
  const command = program
    .command('calibrate [forecast]')
    .description(
      'conformal calibration of a grid of quantiles (CQR per pair of levels) on rows the model was not trained on; then apply it to others',
    )
    .option('--target <column>', 'column of the outcomes of the calibration rows')
    .option('--state <file>', 'a saved calibration instead of calibration rows')
    .addOption(
      new Option('--tails <kind>', 'one amount for both ends of a band, or one each')
        .choices(['symmetric', 'asymmetric'])
        .default('symmetric'),
    )
    .option('--apply <forecast>', 'forecast to calibrate')
    .option('--keep <columns>', 'columns of that forecast to copy in front', nameList)
    .option('--out <file>', 'write the calibrated forecast to a CSV file')
    .option('--save <file>', 'save the calibration as JSON');
  withMissing(command).action(
    cliAction<[string | undefined], CalibrateOptions>(({ options }, path) => calibrate(path, options)),
  );
}

async function calibrate(path: string | undefined, options: CalibrateOptions): Promise<CliResult> {
  const { levels, calibration, rows } = await prepare(path, options);
  if (options.save !== undefined)
    await writeText(
      options.save,
      `${JSON.stringify({ format: FORMAT, version: 1, rows, state: calibration.state() })}\n`,
    );
  const saved = options.save !== undefined ? { saved: options.save } : {};
  if (options.apply === undefined) {
    const state = calibration.state();
    return {
      json: { levels, rows, ...saved, ...(options.save === undefined && { state }) },
      text: `Calibrated ${levels.length} levels on ${rows} rows${options.save === undefined ? '' : `, saved to ${options.save}`}.`,
    };
  }
  const forecast = await readForecast(options.apply, options.missing);
  if (
    forecast.levels.length !== levels.length ||
    forecast.levels.some((level, k) => Math.abs(level - levels[k]!) > 1e-12)
  )
    throw new Error(
      `${options.apply} has levels ${[...forecast.levels].join(', ')}, expected ${levels.join(', ')} as in the calibration`,
    );
  const { quantiles, reasons } = calibration.apply(forecast.predictions);
  const text = await writeForecast(options.apply, forecast, quantiles, options);
  return {
    json: {
      levels,
      rows,
      applied: forecast.predictions.rows,
      reasons,
      ...saved,
      ...(options.out === undefined ? { predictions: matrixRows(quantiles) } : { out: options.out }),
    },
    text: [text ?? `${forecast.predictions.rows} rows calibrated to ${options.out}.`, ...reasons],
  };
}

async function prepare(
  path: string | undefined,
  options: CalibrateOptions,
): Promise<{ levels: readonly number[]; calibration: CalibratedQuantiles; rows: number }> {
  if ((path === undefined) === (options.state === undefined))
    throw new Error('calibrate needs either a forecast with --target or a saved calibration with --state');
  if (options.state !== undefined) {
    const saved = await readJson(options.state);
    const { format, version, rows } = saved;
    const state = saved.state as CalibratedQuantilesState | undefined;
    if (format !== FORMAT || version !== 1 || typeof rows !== 'number' || !Array.isArray(state?.levels))
      throw new Error(`${options.state} is not a calibration of weightloom-quantile calibrate --save`);
    return { levels: state.levels, calibration: restoreCalibratedQuantiles(state), rows };
  }
  if (options.target === undefined) throw new Error('calibrate needs --target, the column of the outcomes');
  const { levels, predictions, y } = await readForecast(path!, options.missing, options.target);
  const calibration = calibrateQuantiles({ predictions, y, levels, tails: options.tails });
  return { levels: [...levels], calibration, rows: y.length };
}
