import { AdapterError } from '../adapter-error.js';
import { frobenius, type Matrix, multiply, transpose } from '../internal/multiply.js';
import { type Singular, thinSvd } from '../internal/singular.js';
import { showShape } from '../internal/text.js';

export interface IntruderOptions {
  /** How many of the largest directions of the tuned weight are looked at (default 10, at most as many as there are). */
  readonly topK?: number;
  /** `ε` in (0, 1]: a direction is an intruder when its similarity to every base direction is below (default 0.5). */
  readonly threshold?: number;
}

/** What the largest directions of a tuned weight have to do with the base. */
export interface IntruderDimensions {
  /** For each of the `topK` largest left singular vectors of the tuned weight: `max_i |⟨u¹ⱼ, u⁰ᵢ⟩|`, in [0, 1]. */
  readonly similarities: readonly number[];
  /** Those below the threshold: places in `similarities`. */
  readonly intruders: readonly number[];
  /** Decomposition of the tuned weight, for what comes after. */
  readonly tuned: Singular;
}

/**
 * Finds directions that fine-tuning has added: among the largest left singular vectors of `W₁` those that are almost orthogonal to every
 * left singular vector of `W₀`.
 *
 * @param base - `W₀`, `[out, in]`
 * @param tuned - `W₁`, the same shape; equal weights have no intruders, and nothing is decomposed then
 * @see Shuttleworth et al. 2024, "LoRA vs Full Fine-tuning: An Illusion of Equivalence", arXiv:2410.21228
 */
export function intrudersOf(
  base: Matrix,
  tuned: Matrix,
  { topK = 10, threshold = 0.5 }: IntruderOptions,
  where: string,
): IntruderDimensions {
  if (base.rows !== tuned.rows || base.columns !== tuned.columns) {
    const expected = `weights of one shape, ${showShape([base.rows, base.columns])}`;
    throw new AdapterError({ where, expected, received: showShape([tuned.rows, tuned.columns]) });
  }
  const count = Math.min(topK, tuned.rows, tuned.columns);
  if (base.values.every((value, i) => value === tuned.values[i]) || frobenius(tuned.values) === 0) {
    const empty = { rows: 0, columns: 0, values: new Float32Array(0) };
    return {
      similarities: Array.from({ length: count }, () => 1),
      intruders: [],
      tuned: { u: empty, s: new Float32Array(0), vt: empty },
    };
  }
  const [before, after] = [thinSvd(base), thinSvd(tuned)];
  const cosines = multiply(transpose(after.u), before.u);
  const similarities = Array.from({ length: count }, (_, j) => {
    const row = cosines.values.subarray(j * cosines.columns, (j + 1) * cosines.columns);
    return Math.min(
      1,
      row.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    );
  });
  const intruders = similarities.flatMap((similarity, j) => (similarity < threshold ? [j] : []));
  return { similarities, intruders, tuned: after };
}

/** Refuses options out of range. */
export function checkIntruderOptions({ topK = 10, threshold = 0.5 }: IntruderOptions, where: string): void {
  if (!Number.isSafeInteger(topK) || topK < 1)
    throw new RangeError(`${where}: expected topK of at least 1, received ${topK}`);
  if (!(threshold > 0 && threshold <= 1)) {
    throw new RangeError(`${where}: expected threshold above 0 and up to 1, received ${threshold}`);
  }
}
