import type { Matrix } from '../internal/matrix.js';
import type { Forecast } from './read-forecast.js';
import { quantileColumn } from './read-forecast.js';
import { openCsv, columnOf } from './read-csv.js';
import { collectCsv, writeCsv, type CsvSink } from './write-csv.js';

export interface WriteForecastOptions {
  /** Columns of the source file to copy in front. */
  readonly keep?: readonly string[];
  readonly out?: string;
}

/**
 * Writes new quantiles for the rows of a forecast file, copying columns of that file in front; rows that were dropped
 * stay empty.
 *
 * @returns the CSV text when there is no `out`
 */
export async function writeForecast(
  path: string,
  forecast: Pick<Forecast, 'levels' | 'kept'>,
  quantiles: Matrix,
  { keep = [], out }: WriteForecastOptions,
): Promise<string | undefined> {
  const fill = async (sink: CsvSink): Promise<void> => {
    const file = await openCsv(path);
    const columns = keep.map((name) => columnOf(file, name));
    await sink.write([...keep, ...Array.from(forecast.levels, quantileColumn)]);
    let row = 0;
    let at = 0;
    for await (const { cells } of file.rows) {
      const values = forecast.kept[row++]
        ? [...quantiles.data.subarray(at, (at += quantiles.columns))]
        : [...forecast.levels].map(() => '');
      await sink.write([...columns.map((column) => cells[column]!), ...values]);
    }
  };
  if (out !== undefined) {
    await writeCsv(out, fill);
    return undefined;
  }
  return (await collectCsv(fill)).text;
}
