import type { Matrix } from '../internal/matrix.js';
import type { MissingPolicy } from './cells.js';
import { labelCell, numberCell } from './cells.js';
import type { FeatureSchema } from './feature-schema.js';
import { FEATURE_CURE, featureNames } from './feature-schema.js';
import { NumberList } from './number-list.js';
import { columnOf, openCsv } from './read-csv.js';

export interface TrainingTableOptions {
  readonly target: string;
  /** Default: every column but the target and the weights. */
  readonly features?: readonly string[];
  readonly categorical?: readonly string[];
  readonly weights?: string;
  readonly missing: MissingPolicy;
}

export interface TrainingTable {
  readonly x: Matrix;
  readonly y: Float64Array;
  readonly weights: Float64Array | undefined;
  readonly schema: FeatureSchema;
  readonly names: readonly string[];
  /** Rows left out for a missing cell. */
  readonly dropped: number;
}

/** Reads a CSV file for training: only the named columns are kept, 8 bytes per cell. */
export async function readTrainingTable(path: string, options: TrainingTableOptions): Promise<TrainingTable> {
  const { target, categorical = [], missing } = options;
  const file = await openCsv(path);
  const chosen =
    options.features ?? file.header.filter((name) => name !== target && name !== options.weights);
  if (chosen.includes(target)) throw new Error(`the target "${target}" is among the features`);
  const stray = categorical.find((name) => !chosen.includes(name));
  if (stray !== undefined)
    throw new Error(`the categorical column "${stray}" is not among the features (${chosen.join(', ')})`);
  const columns = chosen.map((name) => ({
    name,
    at: columnOf(file, name),
    codes: categorical.includes(name) ? new Map<string, number>() : undefined,
    values: new NumberList(),
  }));
  const targetAt = columnOf(file, target);
  const weightsAt = options.weights === undefined ? undefined : columnOf(file, options.weights);
  const y = new NumberList();
  const weights = new NumberList();
  let dropped = 0;

  for await (const { line, cells } of file.rows) {
    const number = (at: number, column: string, cure?: string) =>
      numberCell(cells[at]!, { path, line, column, ...(cure !== undefined && { cure }) }, missing);
    const targetValue = number(targetAt, target);
    const weight = weightsAt === undefined ? 1 : number(weightsAt, options.weights!);
    const row = columns.map(({ name, at, codes }) => {
      if (!codes) return number(at, name, FEATURE_CURE);
      const label = labelCell(cells[at]!, { path, line, column: name }, missing);
      if (label === undefined) return undefined;
      if (!codes.has(label)) codes.set(label, codes.size);
      return codes.get(label)!;
    });
    if (targetValue === undefined || weight === undefined || row.includes(undefined)) {
      dropped++;
      continue;
    }
    y.push(targetValue);
    weights.push(weight);
    row.forEach((value, j) => columns[j]!.values.push(value!));
  }
  if (y.length === 0) throw new Error(`${path} has no ${dropped > 0 ? 'complete ' : ''}rows`);

  const blocks = columns.map(({ name, codes, values }) => {
    if (!codes) return { column: { name }, data: [values.values()] };
    const categories = [...codes.keys()].sort();
    if (categories.length < 2)
      throw new Error(`${path}, column "${name}": only one label, "${categories[0]}"; leave the column out`);
    const indicators = categories
      .slice(1)
      .map((label) => values.values().map((code) => (code === codes.get(label) ? 1 : 0)));
    return { column: { name, categories }, data: indicators };
  });
  const schema = blocks.map(({ column }) => column);
  const numbers = blocks.flatMap(({ data }) => data);
  const d = numbers.length;
  const data = new Float64Array(y.length * d);
  numbers.forEach((values, j) => values.forEach((value, i) => (data[i * d + j] = value)));
  return {
    x: { data, rows: y.length, columns: d },
    y: y.values(),
    weights: weightsAt === undefined ? undefined : weights.values(),
    schema,
    names: featureNames(schema),
    dropped,
  };
}
