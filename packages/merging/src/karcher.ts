import { type ChunkedMethod, runInMemory, type StateDict } from '@weightloom/state-dict';
import { checkNumber } from './internal/check-number.js';
import { combine } from './internal/combine.js';
import { emptyGram, gramPass } from './internal/gram.js';
import { float64Scratch } from './internal/scratch.js';

export interface KarcherOptions {
  /** Most steps (default 10); a whole number of at least 0. */
  readonly maxIterations?: number;
  /** A step shorter than this, in radians, is the last (default 1e-5); at least 0. */
  readonly tolerance?: number;
}

/**
 * Karcher mean: the point on the sphere from which the models are nearest, at their mean length; each tensor is a vector.
 *
 * With `uᵢ = wᵢ / ‖wᵢ‖` (zeros are left out), start at the normalised mean of the `uᵢ` (at the first of them where they
 * cancel) and step by `T = mean of (θᵢ / sin θᵢ)(uᵢ - cos θᵢ u)`, `u ← cos‖T‖ u + sin‖T‖ T / ‖T‖`, until `‖T‖` is below the
 * tolerance; `out = u · mean ‖wᵢ‖`. All models count alike.
 *
 * All of this happens in the span of the models, so it is worked out from their inner products: one reading, whatever
 * the number of steps.
 *
 * @param models - at least one; same names, shapes and dtypes
 * @throws {RangeError} without models, or for options out of range
 * @see Karcher 1977, "Riemannian center of mass and mollifier smoothing"
 */
export async function karcher(
  models: readonly StateDict[],
  options: KarcherOptions = {},
): Promise<StateDict> {
  return runInMemory(karcherMethod(models.length, options), models);
}

/** `karcher` for `count` inputs. */
export function karcherMethod(count: number, options: KarcherOptions = {}): ChunkedMethod {
  const { maxIterations = 10, tolerance = 1e-5 } = options;
  checkNumber('karcher', 'maxIterations', maxIterations, 0);
  checkNumber('karcher', 'tolerance', tolerance, 0);
  return {
    name: 'karcher',
    granularity: 'element',
    begin() {
      const gram = emptyGram(count);
      const scratch = float64Scratch();
      let factors: readonly number[] = [];
      return {
        passes: [
          {
            ...gramPass(gram, ({ inputs }) => inputs),
            finish: () => (factors = karcherFactors(gram, maxIterations, tolerance)),
          },
        ],
        emit: ({ inputs, length }, out) => out.set(combine(inputs, factors, scratch(length))),
      };
    },
  };
}

/** What each model is multiplied by, from their inner products. */
export function karcherFactors(
  gram: readonly Float64Array[],
  maxIterations: number,
  tolerance: number,
): readonly number[] {
  const norms = gram.map((row, i) => Math.sqrt(row[i]!));
  const units = norms.flatMap((norm, i) => (norm > 0 ? [i] : []));
  if (units.length === 0) return norms.map(() => 0);
  const cosines = units.map((i) => units.map((k) => gram[i]![k]! / norms[i]! / norms[k]!));
  const inner = (a: readonly number[], b: readonly number[]) =>
    a.reduce((total, x, i) => total + x * b.reduce((sum, y, k) => sum + y * cosines[i]![k]!, 0), 0);
  const normalise = (vector: readonly number[]) => {
    const norm = Math.sqrt(Math.max(0, inner(vector, vector)));
    return norm < SMALLEST_NORM ? undefined : vector.map((x) => x / norm);
  };
  const unit = (i: number) => units.map((_, k) => (k === i ? 1 : 0));

  // Vectors are written as factors of the unit vectors.
  let mean = normalise(units.map(() => 1)) ?? unit(0);
  for (let step = 0; step < maxIterations; step++) {
    const tangent = units.map(() => 0);
    units.forEach((_, i) => {
      const cosine = Math.min(1, Math.max(-1, inner(unit(i), mean)));
      const theta = Math.acos(cosine);
      // Opposite the mean no direction is the shortest way.
      if (theta < tolerance || Math.sin(theta) < SMALLEST_NORM) return;
      const factor = theta / Math.sin(theta) / units.length;
      mean.forEach((x, k) => (tangent[k]! -= factor * cosine * x));
      tangent[i]! += factor;
    });
    const length = Math.sqrt(Math.max(0, inner(tangent, tangent)));
    if (length < tolerance || length === 0) break;
    const moved = mean.map((x, k) => Math.cos(length) * x + (Math.sin(length) / length) * tangent[k]!);
    mean = normalise(moved) ?? mean;
  }
  const meanNorm = norms.reduce((total, norm) => total + norm, 0) / norms.length;
  const factors = norms.map(() => 0);
  units.forEach((i, k) => (factors[i] = (mean[k]! / norms[i]!) * meanNorm));
  return factors;
}

/** Below this a direction is lost in rounding. */
const SMALLEST_NORM = 1e-8;
