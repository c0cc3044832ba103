import { toVector } from './matrix.js';

/**
 * Copies quantile levels.
 *
 * @throws {RangeError} when there are none, one is not inside (0, 1), or they do not rise strictly (the index is named)
 */
export function toLevels(where: string, levels: ArrayLike<number>): Float64Array {
  const out = toVector(where, 'levels', levels);
  if (out.length === 0) throw new RangeError(`${where}: levels is empty, expected at least one`);
  out.forEach((level, k) => {
    if (!(level > 0 && level < 1))
      throw new RangeError(`${where}: levels[${k}] is ${level}, expected a number above 0 and below 1`);
    if (k > 0 && !(level > out[k - 1]!))
      throw new RangeError(
        `${where}: levels[${k}] is ${level} after ${out[k - 1]}, expected strictly rising levels`,
      );
  });
  return out;
}

/**
 * Copies row weights, or makes them all 1.
 *
 * @throws {RangeError} when one is negative or all are zero
 */
export function toWeights(where: string, weights: ArrayLike<number> | undefined, n: number): Float64Array {
  if (weights === undefined) return new Float64Array(n).fill(1);
  const out = toVector(where, 'weights', weights, n);
  const bad = out.findIndex((weight) => weight < 0);
  if (bad >= 0) throw new RangeError(`${where}: weights[${bad}] is ${out[bad]}, expected at least 0`);
  if (out.every((weight) => weight === 0)) throw new RangeError(`${where}: all ${n} weights are 0`);
  return out;
}

/**
 * Copies a target to be fitted.
 *
 * @throws {RangeError} when it is empty or holds one value only
 */
export function toTarget(where: string, y: ArrayLike<number>, n: number): Float64Array {
  const out = toVector(where, 'y', y, n);
  if (n === 0) throw new RangeError(`${where}: there are no rows, expected at least one`);
  if (out.every((value) => value === out[0]))
    throw new RangeError(`${where}: all ${n} values of y are ${out[0]}, expected a target that varies`);
  return out;
}

/**
 * Column names, `x1, x2, …` by default.
 *
 * @throws {RangeError} when their number is another or two are equal
 */
export function toNames(where: string, names: readonly string[] | undefined, d: number): string[] {
  if (names === undefined) return Array.from({ length: d }, (_, j) => `x${j + 1}`);
  if (names.length !== d) throw new RangeError(`${where}: ${names.length} names for ${d} columns`);
  const twice = names.find((name, j) => names.indexOf(name) !== j);
  if (twice !== undefined) throw new RangeError(`${where}: two columns are named "${twice}"`);
  return [...names];
}

/** @throws {RangeError} unless `value` is finite and at least `low` */
export function checkAtLeast(where: string, name: string, value: number, low: number): void {
  if (!(Number.isFinite(value) && value >= low))
    throw new RangeError(`${where}: ${name} is ${value}, expected a finite number of at least ${low}`);
}
