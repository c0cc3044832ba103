import type { Matrix } from '../internal/matrix.js';
import type { MissingPolicy } from './cells.js';
import { numberCell } from './cells.js';
import { NumberList } from './number-list.js';
import type { CsvFile, CsvRow } from './read-csv.js';
import { columnOf, openCsv } from './read-csv.js';

/** The columns of a file that hold quantiles: `q0.1`, `q0.5`, …, sorted by level. */
interface QuantileColumns {
  readonly levels: Float64Array;
  readonly at: readonly number[];
  readonly names: readonly string[];
}

/** Name of the column that holds the quantiles of a level. */
export const quantileColumn = (level: number): string => `q${level}`;

/** Finds the quantile columns of a file by their names. */
function quantileColumns({ path, header }: CsvFile): QuantileColumns {
  const found = header
    .map((name, at) => ({
      name,
      at,
      level: /^q0?\.\d+(e-\d+)?$|^q\d(\.\d+)?e-\d+$/.test(name) ? Number(name.slice(1)) : NaN,
    }))
    .filter(({ level }) => level > 0 && level < 1)
    .sort((a, b) => a.level - b.level);
  if (found.length === 0)
    throw new Error(`${path} has no quantile columns; expected names such as q0.1, q0.5, q0.9`);
  const twice = found.find(({ level }, k) => k > 0 && level === found[k - 1]!.level);
  if (twice) throw new Error(`${path}: two columns hold level ${twice.level}`);
  return {
    levels: Float64Array.from(found, ({ level }) => level),
    at: found.map(({ at }) => at),
    names: found.map(({ name }) => name),
  };
}

/** One row of a forecast: predicted quantiles and, when asked for, the outcome. */
interface ForecastRow {
  readonly line: number;
  readonly cells: readonly string[];
  readonly quantiles: readonly number[];
  readonly outcome: number;
  /** The feature columns asked for. */
  readonly features: readonly number[];
}

export interface ForecastFile {
  readonly file: CsvFile;
  readonly levels: Float64Array;
  /** Rows in order; undefined where a cell is missing and the policy is to drop. */
  readonly rows: AsyncIterable<ForecastRow | undefined>;
}

/**
 * Opens a CSV file of quantile forecasts.
 *
 * @param target - column of the outcomes; without it every `outcome` is NaN
 * @param features - further columns of numbers to read
 */
export async function openForecast(
  path: string,
  missing: MissingPolicy,
  target?: string,
  features: readonly string[] = [],
): Promise<ForecastFile> {
  const file = await openCsv(path);
  const columns = quantileColumns(file);
  const targetAt = target === undefined ? undefined : columnOf(file, target);
  const featuresAt = features.map((name) => columnOf(file, name));
  const read = ({ line, cells }: CsvRow): ForecastRow | undefined => {
    const quantiles = columns.at.map((at, k) =>
      numberCell(cells[at]!, { path, line, column: columns.names[k]! }, missing),
    );
    const outcome =
      targetAt === undefined ? NaN : numberCell(cells[targetAt]!, { path, line, column: target! }, missing);
    const inputs = featuresAt.map((at, j) =>
      numberCell(cells[at]!, { path, line, column: features[j]! }, missing),
    );
    if (outcome === undefined || [...quantiles, ...inputs].includes(undefined)) return undefined;
    return { line, cells, quantiles: quantiles as number[], outcome, features: inputs as number[] };
  };
  return { file, levels: columns.levels, rows: mapRows(file.rows, read) };
}

async function* mapRows<A, B>(rows: AsyncIterable<A>, map: (row: A) => B): AsyncGenerator<B> {
  for await (const row of rows) yield map(row);
}

/** A whole forecast in memory; `kept` says which rows of the file it holds. */
export interface Forecast {
  readonly levels: Float64Array;
  readonly predictions: Matrix;
  readonly y: Float64Array;
  readonly kept: readonly boolean[];
}

/** A forecast with the feature columns asked for. */
export interface FeaturedForecast extends Forecast {
  readonly x: Matrix;
}

/** Reads a whole forecast. */
export async function readForecast(
  path: string,
  missing: MissingPolicy,
  target?: string,
  features: readonly string[] = [],
): Promise<FeaturedForecast> {
  const { levels, rows } = await openForecast(path, missing, target, features);
  const x = new NumberList();
  const quantiles = new NumberList();
  const y = new NumberList();
  const kept: boolean[] = [];
  for await (const row of rows) {
    kept.push(row !== undefined);
    if (!row) continue;
    row.quantiles.forEach((value) => quantiles.push(value));
    row.features.forEach((value) => x.push(value));
    y.push(row.outcome);
  }
  if (y.length === 0) throw new Error(`${path} has no ${kept.length > 0 ? 'complete ' : ''}rows`);
  return {
    levels,
    predictions: { data: quantiles.values(), rows: y.length, columns: levels.length },
    y: y.values(),
    x: { data: x.values(), rows: y.length, columns: features.length },
    kept,
  };
}

/** A matrix as rows, for JSON. */
export const matrixRows = ({ data, rows, columns }: Matrix): number[][] =>
  Array.from({ length: rows }, (_, i) => [...data.subarray(i * columns, (i + 1) * columns)]);
