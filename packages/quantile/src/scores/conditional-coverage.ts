import { toVector } from '../internal/matrix.js';
import { ascendingOrder } from '../internal/weighted-quantile.js';
import { toIntervalForecast } from './check-forecast.js';

/** Coverage of the rows of one group. */
export interface GroupCoverage {
  /** The group's label, or the range of the variable in it. */
  readonly label: string;
  readonly count: number;
  readonly coverage: number;
  readonly meanWidth: number;
}

/** Coverage per group and the worst of them. */
export interface ConditionalCoverage {
  readonly groups: readonly GroupCoverage[];
  readonly worst: number;
}

/**
 * Coverage within groups of rows: by label, or by equal-count bins of a number.
 *
 * @param by - a label per row (`strings`), or a number per row, cut into `bins` of equal count (equal numbers stay together)
 * @param options.bins - number of bins for numbers; default 10
 * @throws {RangeError} when lengths differ, bounds cross or `bins` is not a positive integer
 */
export function conditionalCoverage(
  y: ArrayLike<number>,
  lower: ArrayLike<number>,
  upper: ArrayLike<number>,
  by: readonly string[] | ArrayLike<number>,
  { bins = 10 }: { readonly bins?: number } = {},
): ConditionalCoverage {
  const where = 'conditionalCoverage';
  const forecast = toIntervalForecast(where, y, lower, upper);
  if (by.length !== forecast.y.length)
    throw new RangeError(`${where}: by has ${by.length} values, expected ${forecast.y.length}`);
  if (!(Number.isInteger(bins) && bins > 0))
    throw new RangeError(`${where}: bins is ${bins}, expected a positive integer`);
  const members =
    typeof by[0] === 'string'
      ? byLabel(by as readonly string[])
      : byBin(toVector(where, 'by', by as ArrayLike<number>), bins);
  const groups = members.map(({ label, rows }) => {
    let inside = 0;
    let width = 0;
    for (const i of rows) {
      if (forecast.y[i]! >= forecast.lower[i]! && forecast.y[i]! <= forecast.upper[i]!) inside++;
      width += forecast.upper[i]! - forecast.lower[i]!;
    }
    return { label, count: rows.length, coverage: inside / rows.length, meanWidth: width / rows.length };
  });
  return { groups, worst: Math.min(...groups.map(({ coverage }) => coverage)) };
}

/**
 * Size-stratified coverage: coverage within bins of the interval width itself; a good method covers narrow and wide alike.
 *
 * @see Angelopoulos, Bates 2021, "A gentle introduction to conformal prediction", arXiv:2107.07511
 */
export function sizeStratifiedCoverage(
  y: ArrayLike<number>,
  lower: ArrayLike<number>,
  upper: ArrayLike<number>,
  options: { readonly bins?: number } = {},
): ConditionalCoverage {
  const forecast = toIntervalForecast('sizeStratifiedCoverage', y, lower, upper);
  return conditionalCoverage(
    y,
    lower,
    upper,
    forecast.upper.map((value, i) => value - forecast.lower[i]!),
    options,
  );
}

interface Members {
  readonly label: string;
  readonly rows: readonly number[];
}

function byLabel(labels: readonly string[]): Members[] {
  const found = new Map<string, number[]>();
  labels.forEach((label, i) => {
    const rows = found.get(label);
    if (rows) rows.push(i);
    else found.set(label, [i]);
  });
  return [...found].map(([label, rows]) => ({ label, rows }));
}

function byBin(values: Float64Array, bins: number): Members[] {
  const order = ascendingOrder(values);
  const out: Members[] = [];
  for (let from = 0, bin = 1; from < order.length; bin++) {
    let to = Math.max(from + 1, Math.round((bin * order.length) / bins));
    while (to < order.length && values[order[to]!] === values[order[to - 1]!]) to++;
    const rows = [...order.subarray(from, to)];
    out.push({ label: `${values[rows[0]!]} to ${values[rows.at(-1)!]}`, rows });
    from = to;
  }
  return out;
}
