import { cqr, gradientBoosting, type Intervals, quantileBand, splitConformal } from '@weightloom/quantile';
import { backendReport, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { fanChart } from '../../src/fan-chart.js';

export const paper: Paper = {
  title: 'Conformalized Quantile Regression',
  authors: 'Romano, Patterson, Candès',
  venue: 'NeurIPS 2019',
  url: 'https://arxiv.org/abs/1905.03222',
};
export const claim =
  'On data whose noise grows with x, both split conformal and CQR cover 0.9; CQR covers the worst tenth of x at least ' +
  '0.05 better and with narrower intervals.';

const ALPHA = 0.1;
const ROWS = 2000;
const LEVELS = [ALPHA / 2, 0.5, 1 - ALPHA / 2];
const BINS = 10;
/** Where the intervals are drawn. */
const GRID = Array.from({ length: 101 }, (_, i) => [i / 100]);
/** Standard normal quantile of 0.95. */
const Z = 1.6448536;

type Random = ReturnType<typeof generator>;

function drawRows(random: Random): { x: number[][]; y: number[] } {
  const x = Array.from({ length: ROWS }, () => [random.uniform()]);
  return { x, y: x.map(([v]) => Math.sin(6 * v!) + (0.1 + 1.5 * v!) * random.normal()) };
}

/** Coverage over all rows and in each tenth of x, and the mean width. */
function judge({ lower, upper }: Intervals, { x, y }: ReturnType<typeof drawRows>) {
  const order = Array.from(y.keys()).sort((a, b) => x[a]![0]! - x[b]![0]!);
  const covered = (rows: readonly number[]) =>
    rows.filter((i) => lower[i]! <= y[i]! && y[i]! <= upper[i]!).length / rows.length;
  const size = ROWS / BINS;
  return {
    all: covered(order),
    bins: Array.from({ length: BINS }, (_, b) => covered(order.slice(b * size, (b + 1) * size))),
    width: lower.reduce((sum, low, i) => sum + upper[i]! - low, 0) / ROWS,
  };
}

export async function run({ key, seeds, signal, onProgress }: RunOptions): Promise<RunResult> {
  const split: ReturnType<typeof judge>[] = [];
  const conformal: ReturnType<typeof judge>[] = [];
  /** Intervals over x, of the first seed. */
  let drawn:
    { readonly split: Intervals; readonly cqr: Intervals; readonly median: Float64Array } | undefined;
  for (const [s, seed] of seeds.entries()) {
    const random = generator(foldIn(key, seed));
    const [train, calibration, test] = [drawRows(random), drawRows(random), drawRows(random)];
    // #region main
    const model = await gradientBoosting({ trees: 100, maxDepth: 2 }).fit(train.x, train.y, {
      levels: LEVELS,
    });
    const bandOf = (x: number[][]) =>
      quantileBand({ predictions: model.predict(x), levels: LEVELS, alpha: ALPHA });
    const medianOf = (x: number[][]) => model.predict(x, [0.5]).data;

    const byResiduals = splitConformal({
      predictions: medianOf(calibration.x),
      y: calibration.y,
      alpha: ALPHA,
    });
    split.push(judge(byResiduals.intervals(medianOf(test.x)), test));

    const byQuantiles = cqr({ ...bandOf(calibration.x), y: calibration.y, alpha: ALPHA });
    conformal.push(judge(byQuantiles.intervals(bandOf(test.x)), test));
    // #endregion main
    drawn ??= {
      split: byResiduals.intervals(medianOf(GRID)),
      cqr: byQuantiles.intervals(bandOf(GRID)),
      median: Float64Array.from(medianOf(GRID)),
    };
    onProgress?.({ done: s + 1, total: seeds.length, label: `Seed ${seed}` });
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const worst = (result: { bins: readonly number[] }) => Math.min(...result.bins);
  const curve = (results: readonly { bins: readonly number[] }[]) =>
    Array.from({ length: BINS }, (_, b) => average(results.map(({ bins }) => bins[b]!)));
  const tenths = Array.from({ length: BINS }, (_, b) => (b + 0.5) / BINS);
  const x = GRID.map(([v]) => v!);
  const truth = (sign: number) => ({
    name: sign < 0 ? 'true 0.05' : 'true 0.95',
    x,
    y: x.map((v) => Math.sin(6 * v) + sign * Z * (0.1 + 1.5 * v)),
    dashed: true,
    points: false,
  });
  const band = (title: string, { lower, upper }: Intervals) =>
    fanChart({
      title,
      xLabel: 'x',
      yLabel: 'y',
      x,
      levels: LEVELS,
      quantiles: x.map((_, i) => [lower[i]!, drawn!.median[i]!, upper[i]!]),
      others: [truth(-1), truth(1)],
      range: [-4, 4],
    });
  return {
    charts: [
      band('Split conformal, first seed', drawn!.split),
      band('CQR, first seed', drawn!.cqr),
      {
        type: 'line',
        title: 'Coverage over x',
        xAxis: { label: 'x' },
        yAxis: { label: 'coverage', range: [0.6, 1] },
        series: [
          { name: 'split conformal', x: tenths, y: curve(split) },
          { name: 'CQR', x: tenths, y: curve(conformal) },
          { name: 'asked', x: tenths, y: tenths.map(() => 1 - ALPHA), dashed: true },
        ],
      },
    ],
    checks: [
      check(
        'Split conformal: coverage',
        split.map(({ all }) => all),
        { expected: { atLeast: 0.88, atMost: 0.93 }, band: [0.85, 0.95] },
      ),
      check(
        'CQR: coverage',
        conformal.map(({ all }) => all),
        { expected: { atLeast: 0.88, atMost: 0.93 }, band: [0.85, 0.95] },
      ),
      check(
        'Worst tenth: CQR − split',
        conformal.map((result, i) => worst(result) - worst(split[i]!)),
        { expected: { atLeast: 0.05 }, band: [-0.1, 0.4] },
      ),
      check(
        'Mean width: split − CQR',
        split.map(({ width }, i) => width - conformal[i]!.width),
        { expected: { atLeast: 0 }, band: [-0.5, 2] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['Method', 'Coverage', 'Worst tenth of x', 'Mean width'],
      rows: [
        [
          'split conformal',
          ...[split.map(({ all }) => all), split.map(worst), split.map(({ width }) => width)].map(average),
        ],
        [
          'CQR',
          ...[conformal.map(({ all }) => all), conformal.map(worst), conformal.map(({ width }) => width)].map(
            average,
          ),
        ],
      ],
    },
  };
}
