import { loadConcrete, loadEngel, loadPowerPlant, loadWineQualityRed, loadYacht } from '@weightloom/datasets';
import type { RegressionTable } from '@weightloom/datasets';
import type { Matrix } from '../../src/index.js';

/** A data set as this package takes it. */
export interface TestTable {
  readonly x: Matrix;
  readonly y: Float64Array;
}

const loaders = {
  engel: loadEngel,
  yacht: loadYacht,
  concrete: loadConcrete,
  wine: loadWineQualityRed,
  powerPlant: loadPowerPlant,
};

/** One of the project's small data sets. */
export async function table(name: keyof typeof loaders): Promise<TestTable> {
  const { x, y, rows, columns }: RegressionTable = await loaders[name]();
  return { x: { data: x, rows, columns }, y };
}

/** Rows `from` to `to` of a table. */
export function slice({ x, y }: TestTable, from: number, to: number): TestTable {
  const data = x.data.slice(from * x.columns, to * x.columns);
  return { x: { data, rows: to - from, columns: x.columns }, y: y.slice(from, to) };
}

/** The rows a test chooses by their number. */
export function pick({ x, y }: TestTable, choose: (row: number) => boolean): TestTable {
  const rows = [...y.keys()].filter(choose);
  const data = Float64Array.from(
    rows.flatMap((row) => [...x.data.subarray(row * x.columns, (row + 1) * x.columns)]),
  );
  return { x: { data, rows: rows.length, columns: x.columns }, y: Float64Array.from(rows, (row) => y[row]!) };
}

/** Mean pinball loss of one column of predictions. */
export function meanPinball(
  y: ArrayLike<number>,
  predictions: Matrix,
  column: number,
  level: number,
): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) {
    const e = y[i]! - predictions.data[i * predictions.columns + column]!;
    sum += Math.max(level * e, (level - 1) * e);
  }
  return sum / y.length;
}
