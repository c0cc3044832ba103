import { checkCount } from '../internal/check-number.js';
import type { UnitResponses } from './unit-responses.js';

/**
 * Pearson's correlation of the responses of unit `i` of one model and unit `i` of another, over all examples and positions; 0 where a
 * unit always answers the same.
 *
 * @param a - of the same inputs as `b`
 * @throws {RangeError} for responses of other numbers of units or examples
 */
export function unitCorrelation(a: UnitResponses, b: UnitResponses): Float64Array {
  if (a.units !== b.units || a.values.length !== b.values.length) {
    throw new RangeError(
      `unitCorrelation: expected responses of as many units on the same inputs, received ${a.units} units with ${a.values.length} values and ${b.units} with ${b.values.length}`,
    );
  }
  const width = a.values.length / a.units;
  return Float64Array.from({ length: a.units }, (_, unit) => {
    const [x, y] = [a, b].map(({ values }) => values.subarray(unit * width, (unit + 1) * width)) as [
      Float32Array,
      Float32Array,
    ];
    const [meanX, meanY] = [average(x), average(y)];
    let [xx, yy, xy] = [0, 0, 0];
    for (let i = 0; i < width; i++) {
      const [dx, dy] = [x[i]! - meanX, y[i]! - meanY];
      xx += dx * dx;
      yy += dy * dy;
      xy += dx * dy;
    }
    return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
  });
}

/**
 * The examples that excite each unit most, by the mean of its responses over their positions.
 *
 * @param count - how many, at least 1 and at most all
 * @returns for each unit, numbers of examples, most exciting first; of equal ones the earlier
 */
export function topExamples(responses: UnitResponses, count: number): Int32Array[] {
  const { units, examples, positions, values } = responses;
  checkCount('topExamples', 'count', count);
  if (count > examples)
    throw new RangeError(`topExamples: expected at most ${examples} examples, received ${count}`);
  return Array.from({ length: units }, (_, unit) => {
    const means = Float64Array.from({ length: examples }, (_, example) => {
      const start = (unit * examples + example) * positions;
      return average(values.subarray(start, start + positions));
    });
    const ranked = Int32Array.from({ length: examples }, (_, example) => example);
    return ranked.sort((i, j) => means[j]! - means[i]! || i - j).slice(0, count);
  });
}

/**
 * Jaccard index of two sets, `|A ∩ B| / |A ∪ B|`: how much two lists of top examples have in common; 1 for two empty sets.
 */
export function jaccard(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [first, second] = [new Set(Array.from(a)), new Set(Array.from(b))];
  const common = [...first].filter((value) => second.has(value)).length;
  const union = first.size + second.size - common;
  return union === 0 ? 1 : common / union;
}

const average = (x: Float32Array): number => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]!;
  return sum / x.length;
};
