import type { Fields } from '../models/model-json.js';
import type { Matrix } from './matrix.js';

/** Centre and scale of columns. */
export interface Standardization {
  readonly center: Float64Array;
  readonly scale: Float64Array;
}

/** Mean and (population) standard deviation of every column; 1 for a constant one. */
export function standardizationOf({ data, rows: n, columns: d }: Matrix): Standardization {
  const center = new Float64Array(d);
  data.forEach((value, at) => (center[at % d]! += value / n));
  const square = new Float64Array(d);
  data.forEach((value, at) => (square[at % d]! += (value - center[at % d]!) ** 2 / n));
  return { center, scale: square.map((value) => (value > 0 ? Math.sqrt(value) : 1)) };
}

/** The block with every column centred and scaled, `[n, d]`. */
export const standardize = ({ data, columns: d }: Matrix, { center, scale }: Standardization): Float64Array =>
  data.map((value, at) => (value - center[at % d]!) / scale[at % d]!);

export const standardizationToJSON = ({ center, scale }: Standardization) => ({
  center: [...center],
  scale: [...scale],
});

/** @throws {RangeError} when there are not `columns` of each */
export function standardizationFromJSON(fields: Fields, columns: number): Standardization {
  const center = fields.numbers('center');
  const scale = fields.numbers('scale');
  if (center.length !== columns || scale.length !== columns)
    throw new RangeError(`quantileModelFromJSON: the standardisation is not one of ${columns} columns`);
  return { center, scale };
}
