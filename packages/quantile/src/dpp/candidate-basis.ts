import type { MatrixInput } from '../internal/matrix.js';
import { toMatrix, toVector } from '../internal/matrix.js';
import { orthonormalColumns } from '../internal/orthonormal-columns.js';

/** Points to choose from: their features and how much each counts in the norm. */
export interface Candidates {
  /** `φ(x_c)`, `[N, m]`: a basis of the space on the candidates, not necessarily orthonormal. */
  readonly features: MatrixInput;
  /** Base measure `μ_c ≥ 0`, `[N]`, scaled to sum to 1; default uniform. */
  readonly measure?: ArrayLike<number> | undefined;
}

/** An orthonormal basis in `L²(μ)` of the span of the features, on the candidates. */
export interface CandidateBasis {
  readonly count: number;
  readonly size: number;
  /** `√μ_c · φ_c` in the orthonormal basis, `[N, m]` row-major: its columns are orthonormal. */
  readonly rows: Float64Array;
  /** `μ`, `[N]`, sums to 1. */
  readonly measure: Float64Array;
  /** Leverage `μ_c ‖φ_c‖²`, `[N]`, sums to `m`. */
  readonly leverage: Float64Array;
}

/** Checks the candidates and makes their features orthonormal. */
export function candidateBasis(where: string, { features, measure }: Candidates): CandidateBasis {
  const phi = toMatrix(where, 'features', features);
  const { rows: count, columns: size } = phi;
  if (size === 0 || count < size)
    throw new RangeError(
      `${where}: features is [${count}, ${size}], expected at least as many candidates as features`,
    );
  const mu = measure ? toVector(where, 'measure', measure, count) : new Float64Array(count).fill(1);
  const bad = mu.findIndex((value) => value < 0);
  if (bad >= 0)
    throw new RangeError(`${where}: measure[${bad}] is ${mu[bad]}, expected a number of at least 0`);
  const total = mu.reduce((sum, value) => sum + value, 0);
  if (total === 0) throw new RangeError(`${where}: measure is 0 everywhere`);
  mu.forEach((value, c) => (mu[c] = value / total));
  const columns = Array.from({ length: size }, (_, j) =>
    Float64Array.from({ length: count }, (_, c) => Math.sqrt(mu[c]!) * phi.data[c * size + j]!),
  );
  const { basis, dependent } = orthonormalColumns(columns);
  if (dependent >= 0)
    throw new RangeError(
      `${where}: feature ${dependent} is a combination of the features before it on the candidates`,
    );
  const rows = new Float64Array(count * size);
  const leverage = new Float64Array(count);
  basis.forEach((column, j) =>
    column.forEach((value, c) => {
      rows[c * size + j] = value;
      leverage[c]! += value * value;
    }),
  );
  return { count, size, rows, measure: mu, leverage };
}
