import { dareLinear, taskArithmetic } from '@weightloom/merging';
import { mlp, type StateDict } from '@weightloom/nn';
import { backendReport, dispose, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight, rowsOf, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { mean, tableOf } from '../../src/summary.js';

export const paper: Paper = {
  title: 'Language Models are Super Mario: Absorbing Abilities from Homologous Models as a Free Lunch',
  authors: 'Yu et al.',
  venue: 'ICML 2024',
  url: 'https://arxiv.org/abs/2311.03099',
};

export const claim =
  'Four fifths of what fine-tuning changed are dropped at random. If the rest is scaled up five times, the model keeps its accuracy within ' +
  '3 points, and more of it than without the scaling. The paper drops nine tenths and more; how much can go grows with the network.';

const model = mlp({ sizes: [64, 256, 256, 10] });
const DENSITIES = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1];
const DRAWS = 3;

async function repetition({ key, signal, quick, step }: Repetition) {
  const { train: pool, test } = await splitDigits(key);
  const common = { model, signal, quick };
  const base = await train({ ...common, data: rowsOf(pool, 0, 100), epochs: 15, key: foldIn(key, 'base') });
  await step('base');
  const tuned = await train({
    ...common,
    params: base,
    data: rowsOf(pool, 100, 1100),
    epochs: 5,
    learningRate: 3e-4,
    key: foldIn(key, 'tuned'),
  });
  await step('fine-tuned');
  const right = (params: StateDict): Promise<number> => percentRight(model, params, test);

  // #region main
  /** Mean accuracy over a few masks. */
  const dropped = async (density: number, rescale: 'density' | 'none'): Promise<number> => {
    const accuracies: number[] = [];
    for (let i = 0; i < DRAWS; i++) {
      const params = await dareLinear(base, [tuned], { density, rescale, key: foldIn(key, `mask ${i}`) });
      accuracies.push(await right(params));
      dispose(params);
    }
    return mean(accuracies);
  };
  const rescaled: number[] = [];
  const plain: number[] = [];
  const shrunk: number[] = []; // as short as the plain one, with nothing dropped
  for (const density of DENSITIES) {
    rescaled.push(await dropped(density, 'density'));
    plain.push(await dropped(density, 'none'));
    shrunk.push(await right(await taskArithmetic(base, [tuned], { lambda: density })));
  }
  // #endregion main
  const result = { base: await right(base), tuned: await right(tuned), rescaled, plain, shrunk };
  dispose([pool, test, base, tuned]);
  await step('dropped');
  return result;
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 3, repetition);
  type Curve = 'rescaled' | 'plain' | 'shrunk';
  const at = (curve: Curve, density: number): number[] =>
    runs.map((r) => r[curve][DENSITIES.indexOf(density)]!);
  const line = (name: string, curve: Curve) => ({
    name,
    x: DENSITIES,
    y: DENSITIES.map((density) => mean(at(curve, density))),
  });
  return {
    charts: [
      {
        type: 'line',
        title: 'How much of a change is needed',
        description:
          'Accuracy of base + what is kept of the change; mean over the seeds and three masks each.',
        xAxis: { label: 'share of the change that is kept', scale: 'log' },
        yAxis: { label: 'accuracy, percent' },
        series: [
          line('dropped at random, rescaled (DARE)', 'rescaled'),
          line('dropped at random, as it is', 'plain'),
          { ...line('nothing dropped, shrunk alike', 'shrunk'), dashed: true },
          {
            name: 'base',
            x: DENSITIES,
            y: DENSITIES.map(() => mean(runs.map((r) => r.base))),
            dashed: true,
            points: false,
          },
        ],
      },
    ],
    checks: [
      check(
        'A fifth kept: fine-tuned − rescaled',
        runs.map((r, i) => r.tuned - at('rescaled', 0.2)[i]!),
        { expected: { atMost: 3 }, band: [-5, 25], unit: 'points' },
      ),
      check(
        'A fifth kept: rescaled − not rescaled',
        at('rescaled', 0.2).map((x, i) => x - at('plain', 0.2)[i]!),
        { expected: { atLeast: 3 }, band: [-10, 80], unit: 'points' },
      ),
    ],
    backend: backendReport().name,
    table: tableOf(options.seeds, [
      { name: 'base', of: runs.map((r) => r.base) },
      { name: 'fine-tuned', of: runs.map((r) => r.tuned) },
      ...[0.05, 0.1, 0.2].flatMap((density) => [
        { name: `${density}, rescaled`, of: at('rescaled', density) },
        { name: `${density}, as it is`, of: at('plain', density) },
      ]),
    ]),
  };
}
