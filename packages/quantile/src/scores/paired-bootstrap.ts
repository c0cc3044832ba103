import type { Key } from '@weightloom/tensor-gpu';
import { generator } from '@weightloom/tensor-gpu';
import { sampleQuantile } from '../internal/sample-quantile.js';
import { toVector } from '../internal/matrix.js';
import { mean } from './check-forecast.js';

export interface PairedBootstrapOptions {
  /** Random key; the same key gives the same answer. */
  readonly key: Key;
  /** Default 2000. */
  readonly resamples?: number;
  /** Length of the blocks of neighbouring rows drawn together (circular); default 1, independent rows. */
  readonly blockLength?: number;
  /** Coverage of the interval; default 0.95. */
  readonly confidence?: number;
}

export interface PairedBootstrap {
  /** Mean of `first - second`; negative when the first forecaster is better. */
  readonly meanDifference: number;
  /** Percentile interval of the mean difference. */
  readonly lower: number;
  readonly upper: number;
  /** Share of resamples in which the first forecaster is strictly better. */
  readonly firstBetter: number;
  /** Two-sided p-value: twice the smaller share of resampled means on one side of 0, `(count + 1) / (resamples + 1)`. */
  readonly pValue: number;
}

/**
 * Paired (block) bootstrap of the mean loss difference of two forecasters on the same rows.
 *
 * @param first - losses of the first forecaster, `[n]`
 * @param second - losses of the second, `[n]`
 * @throws {RangeError} when lengths differ or an option is out of range
 * @see Politis, Romano 1992, "A circular block-resampling procedure for stationary data"
 */
export function pairedBootstrap(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  options: PairedBootstrapOptions,
): PairedBootstrap {
  const where = 'pairedBootstrap';
  const { key, resamples = 2000, blockLength = 1, confidence = 0.95 } = options;
  const a = toVector(where, 'first', first);
  const n = a.length;
  const b = toVector(where, 'second', second, n);
  if (n === 0) throw new RangeError(`${where}: there are no rows, expected at least one`);
  if (!(Number.isInteger(resamples) && resamples > 0))
    throw new RangeError(`${where}: resamples is ${resamples}, expected a positive integer`);
  if (!(Number.isInteger(blockLength) && blockLength >= 1 && blockLength <= n))
    throw new RangeError(`${where}: blockLength is ${blockLength}, expected an integer from 1 to ${n}`);
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`${where}: confidence is ${confidence}, expected it inside (0, 1)`);
  const difference = a.map((value, i) => value - b[i]!);
  const random = generator(key);
  const means = new Float64Array(resamples).map(() => {
    let sum = 0;
    for (let drawn = 0; drawn < n;) {
      const start = random.integer(n);
      for (let k = 0; k < blockLength && drawn < n; k++, drawn++) sum += difference[(start + k) % n]!;
    }
    return sum / n;
  });
  means.sort();
  const below = means.filter((value) => value < 0).length;
  const above = means.filter((value) => value > 0).length;
  return {
    meanDifference: mean(difference),
    lower: sampleQuantile(means, (1 - confidence) / 2),
    upper: sampleQuantile(means, (1 + confidence) / 2),
    firstBetter: below / resamples,
    pValue: Math.min(1, (2 * (Math.min(resamples - below, resamples - above) + 1)) / (resamples + 1)),
  };
}
