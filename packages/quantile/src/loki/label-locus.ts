import type { Key } from '@weightloom/tensor-gpu';
import { generator } from '@weightloom/tensor-gpu';
import type { MatrixInput } from '../internal/matrix.js';
import { solveLp } from '../internal/solve-lp.js';
import { readDistances, readObserved } from './label-metric.js';

export interface LocusOptions {
  /** Metric over all `N` labels, `[N, N]`. */
  readonly distances: MatrixInput;
  /** Observed labels, `[K]`. */
  readonly observed: ArrayLike<number>;
}

/**
 * The locus on a tree metric: every label on a path between two observed ones. These are the labels that
 * `lokiDecode` can answer, so the leaves of a tree reach all of it.
 *
 * @param options.distances - distances of a tree; for other metrics use {@link labelLocus}
 * @returns labels in rising order
 * @see Roberts et al. 2023, arXiv:2307.12226 (section 3)
 */
export function treeLocus(options: LocusOptions): number[] {
  const where = 'treeLocus';
  const { data, rows } = readDistances(where, options.distances);
  const observed = readObserved(where, options.observed, rows);
  const between = (a: number, b: number, y: number) => {
    const length = data[a * rows + b]!;
    return data[a * rows + y]! + data[y * rows + b]! <= length + 1e-9 * Math.max(1, length);
  };
  return Array.from({ length: rows }, (_, y) => y).filter((y) =>
    observed.some((a) => observed.some((b) => between(a, b, y))),
  );
}

/**
 * The locus in any finite metric: the labels that are a Fréchet mean for some distribution over the observed ones
 * (ties count). One small linear program per unobserved label:
 * `∃ p ≥ 0, Σ p = 1: Σ_k p_k (d(λ_k, y)² - d(λ_k, z)²) ≤ 0` for all `z`.
 *
 * @returns labels in rising order
 * @see Roberts et al. 2023, arXiv:2307.12226 (section 3)
 */
export async function labelLocus(options: LocusOptions): Promise<number[]> {
  const where = 'labelLocus';
  const { data, rows } = readDistances(where, options.distances);
  const observed = readObserved(where, options.observed, rows);
  const out: number[] = [];
  for (let y = 0; y < rows; y++)
    if (observed.includes(y) || (await reachable(where, data, rows, observed, y))) out.push(y);
  return out;
}

async function reachable(
  where: string,
  data: Float64Array,
  labels: number,
  observed: readonly number[],
  y: number,
) {
  const others = Array.from({ length: labels }, (_, z) => z).filter((z) => z !== y);
  const matrix = others.map((z) =>
    Float64Array.from(observed, (k) => data[k * labels + y]! ** 2 - data[k * labels + z]! ** 2),
  );
  matrix.push(new Float64Array(observed.length).fill(1));
  const last = others.length;
  const { status } = await solveLp(where, {
    cost: new Float64Array(observed.length),
    lower: new Float64Array(observed.length),
    upper: new Float64Array(observed.length).fill(1),
    matrix,
    rowLower: Float64Array.from(matrix, (_, r) => (r === last ? 1 : -Infinity)),
    rowUpper: Float64Array.from(matrix, (_, r) => (r === last ? 1 : 0)),
  });
  return status === 'optimal';
}

export interface SelectLabelsOptions extends LocusOptions {
  /** How many labels to add, 1 or more. */
  readonly count: number;
  /** `farthest` (default) adds the label farthest from the tree locus so far; `random` is the baseline. */
  readonly strategy?: 'farthest' | 'random' | undefined;
  /** Draws the labels of the `random` strategy. */
  readonly key?: Key | undefined;
}

/**
 * Which labels to collect examples for next, on a tree metric. Stops early once every label is observed.
 *
 * @returns the added labels in order; ties go to the smallest label
 * @see Roberts et al. 2023, arXiv:2307.12226 (active next-class selection)
 */
export function selectLabels(options: SelectLabelsOptions): number[] {
  const where = 'selectLabels';
  const { count, strategy = 'farthest', key } = options;
  const { data, rows, columns } = readDistances(where, options.distances);
  const observed = readObserved(where, options.observed, rows);
  if (!(Number.isInteger(count) && count >= 1))
    throw new RangeError(`${where}: count is ${count}, expected an integer above 0`);
  const missing = (known: readonly number[]) =>
    Array.from({ length: rows }, (_, y) => y).filter((y) => !known.includes(y));
  if (strategy === 'random') {
    if (key === undefined) throw new TypeError(`${where}: key is missing, it draws the labels`);
    const left = missing(observed);
    return Array.from(generator(key).permutation(left.length).slice(0, count), (place) => left[place]!);
  }
  if (strategy !== 'farthest')
    throw new RangeError(`${where}: strategy is "${String(strategy)}", expected "farthest" or "random"`);
  const known = [...observed];
  const added: number[] = [];
  while (added.length < count && known.length < rows) {
    const locus = treeLocus({ distances: { data, rows, columns }, observed: known });
    const farness = (y: number) => locus.reduce((least, l) => Math.min(least, data[y * rows + l]!), Infinity);
    const next = missing(known).reduce((best, y) => (farness(y) > farness(best) ? y : best));
    known.push(next);
    added.push(next);
  }
  return added;
}
