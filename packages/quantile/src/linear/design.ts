import { toNames } from '../internal/check-data.js';
import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { toMatrix } from '../internal/matrix.js';
import type { CollinearColumn, WhitenedDesign } from './whiten.js';
import { whiten } from './whiten.js';

export interface DesignOptions {
  /** Put a column of ones, named `intercept`, first; default true. */
  readonly intercept?: boolean;
  /** Names of the columns of `x`; default `x1, x2, …`. */
  readonly names?: readonly string[];
}

/** A design matrix with its column names. */
export interface Design extends Matrix {
  readonly names: readonly string[];
}

/** Checks `x` and puts the intercept first. */
export function buildDesign(
  where: string,
  x: MatrixInput,
  { intercept = true, names }: DesignOptions,
): Design {
  const matrix = toMatrix(where, 'x', x);
  const given = toNames(where, names, matrix.columns);
  if (!intercept) {
    if (matrix.columns === 0) throw new RangeError(`${where}: x has no columns and there is no intercept`);
    return { ...matrix, names: given };
  }
  if (given.includes('intercept'))
    throw new RangeError(`${where}: "intercept" names the added column, rename yours`);
  const { rows, columns: d } = matrix;
  const data = new Float64Array(rows * (d + 1));
  for (let i = 0; i < rows; i++) {
    data[i * (d + 1)] = 1;
    data.set(matrix.data.subarray(i * d, (i + 1) * d), i * (d + 1) + 1);
  }
  return { data, rows, columns: d + 1, names: ['intercept', ...given] };
}

/**
 * Well-conditioned coordinates of a design.
 *
 * @throws {RangeError} when it has fewer rows than columns or a column depends on others (they are named)
 */
export function whitenDesign(where: string, design: Design): WhitenedDesign {
  const { rows, columns, names } = design;
  if (rows < columns)
    throw new RangeError(
      `${where}: ${rows} rows for ${columns} coefficients (${names.join(', ')}), expected at least ${columns}`,
    );
  const whitened = whiten(design);
  if ('z' in whitened) return whitened;
  throw new RangeError(`${where}: ${collinearity(design, whitened)}`);
}

function collinearity({ names }: Design, { column, on }: CollinearColumn): string {
  const name = `column "${names[column]}"`;
  if (on.length === 0) return `${name} is all zeros`;
  if (on.length === 1 && names[on[0]!] === 'intercept')
    return `${name} is constant, as the intercept is; leave one out`;
  return `${name} is collinear with ${on.map((l) => `"${names[l]}"`).join(', ')}; leave one of them out or set a penalty`;
}
