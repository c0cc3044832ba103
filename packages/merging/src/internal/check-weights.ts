/**
 * One finite weight per model.
 *
 * @param weights - as the caller gave them; by default 1 each
 * @param normalize - whether they are to be divided by their sum, which must not be 0 then
 * @throws {RangeError}
 */
export function checkWeights(
  where: string,
  weights: readonly number[] | undefined,
  count: number,
  normalize: boolean,
): readonly number[] {
  const given = weights ?? new Array<number>(count).fill(1);
  if (given.length !== count) {
    throw new RangeError(`${where}: expected ${count} weights, one per model, received ${given.length}`);
  }
  given.forEach((weight, i) => {
    if (!Number.isFinite(weight)) {
      throw new RangeError(`${where}: expected a finite weight for models[${i}], received ${String(weight)}`);
    }
  });
  if (normalize && Math.abs(sum(given)) < SMALLEST_SUM) {
    throw new RangeError(
      `${where}: expected weights whose sum is not 0, to normalize by it, received [${given.join(', ')}]; pass { normalize: false } or other weights`,
    );
  }
  return given;
}

/** Sums of weights below this count as 0: to divide by them would blow up rounding errors. */
export const SMALLEST_SUM = 1e-8;

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
