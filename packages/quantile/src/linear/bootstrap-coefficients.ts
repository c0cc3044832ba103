import type { Key } from '@weightloom/tensor-gpu';
import { foldIn, generator } from '@weightloom/tensor-gpu';
import { chooseBasis } from './choose-basis.js';
import type { ExactFit, PreparedRows } from './exact-fit.js';
import { residuals } from './pinball-problem.js';
import { vertexDescent } from './vertex-descent.js';
import { unwhiten } from './whiten.js';

/** Redraws allowed for one resample before the rows are called too few. */
const MAX_REDRAWS = 100;

/**
 * Coefficients of resampled rows, `[resamples, d]`: the pairs (xy) bootstrap, rows drawn with replacement.
 *
 * Each resample is solved exactly, starting from the plane of all rows; a resample without full rank is drawn again.
 */
export function bootstrapCoefficients(
  rows: PreparedRows,
  fit: ExactFit,
  level: number,
  key: Key,
  resamples: number,
): Float64Array {
  const { z, rest, weights, scale, design } = rows;
  const n = rest.length;
  const d = design.columns;
  const out = new Float64Array(resamples * d);
  const closeness = residuals({ z, d, y: rest }, fit.vertex.coefficients).map((value) => -Math.abs(value));
  for (let draw = 0, redraws = 0; draw < resamples; draw++) {
    const random = generator(foldIn(foldIn(key, draw), redraws));
    const counts = new Float64Array(n);
    for (let i = 0; i < n; i++) counts[random.integer(n)]!++;
    const kept = [...counts.keys()].filter((i) => counts[i]! > 0);
    const part = new Float64Array(kept.length * d);
    kept.forEach((row, k) => part.set(z.subarray(row * d, (row + 1) * d), k * d));
    const basis = chooseBasis(
      part,
      d,
      Float64Array.from(kept, (row) => closeness[row]!),
    );
    if (!basis) {
      if (++redraws > MAX_REDRAWS)
        throw new Error(`${rows.where}: resampled rows keep losing rank; too few rows for a bootstrap`);
      draw--;
      continue;
    }
    redraws = 0;
    const problem = {
      z: part,
      d,
      y: Float64Array.from(kept, (row) => rest[row]!),
      up: Float64Array.from(kept, (row) => counts[row]! * weights[row]! * level),
      down: Float64Array.from(kept, (row) => counts[row]! * weights[row]! * (1 - level)),
    };
    const { coefficients } = vertexDescent(problem, { basis, scale });
    out.set(
      unwhiten(
        rows.r,
        coefficients.map((value, j) => value + rows.centre[j]!),
      ),
      draw * d,
    );
  }
  return out;
}
