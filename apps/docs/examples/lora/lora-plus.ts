import { adaptModel, initLora, loraConfig, loraPlus } from '@weightloom/lora';
import { backendReport, dispose, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { mean } from '../../src/summary.js';
import { fineTune, lastLoss, turnedDigits } from '../../src/turned-digits.js';
import { sweep, wideTeacher } from '../../src/wide-teacher.js';

export const paper: Paper = {
  title: 'LoRA+: Efficient Low Rank Adaptation of Large Models',
  authors: 'Hayou, Ghosh and Yu',
  venue: 'ICML 2024',
  url: 'https://arxiv.org/abs/2402.12354',
};

export const claim =
  'A network of width 2048 is fine-tuned to a teacher that differs by a small rank-2 change. With B learning 4 or 16 times as fast as ' +
  'A, the best loss over all rates is at most 0.95 times the best with one rate for both, and at the rate 1e-4 the loss with 16 is less than ' +
  'half. At the rate 1e-3, 60 steps on digits turned by 90° leave less than half the loss when B learns 16 times as fast.';

const WIDTHS = [2048] as const;
const RATIOS = [1, 4, 16];
const RATES = [1e-4, 3e-4, 1e-3, 3e-3];
const STEPS = 120;

async function once({ key, signal, quick, step }: Repetition) {
  const widths: number[][][] = []; // by width, ratio and rate
  for (const width of WIDTHS) {
    const teacher = wideTeacher(foldIn(key, 'task'), width);
    const runs: number[][] = [];
    for (const ratio of RATIOS) {
      const optimizer = loraPlus({ learningRate: 1, ratio }); // the rates of the sweep override it
      const start = 'init_a';
      runs.push(
        sweep(teacher, { start, optimizer, rates: RATES, steps: quick ? 2 : STEPS, key: foldIn(key, start) }),
      );
      await step(`width ${width}, ratio ${ratio}`);
    }
    widths.push(runs);
    dispose([teacher.params, { ...teacher.data }]);
  }

  const { model, ...data } = await turnedDigits([256, 256], { key, signal, quick });
  const { base, train, test } = data;
  await step('base of the digits trained');
  const digits = [];
  // #region main
  const config = loraConfig({ targetModules: ['0', '1', '2'], r: 4, loraAlpha: 4 });
  const { params: own } = initLora(base, config, { key: foldIn(key, 'start') });
  const adapted = adaptModel(model, { default: config });
  for (const ratio of [1, 16]) {
    const run = await fineTune({
      model: adapted,
      params: { ...base, ...own },
      trainable: adapted.trainable,
      optimizer: loraPlus({ learningRate: 1e-3, ratio }), // B learns `ratio` times as fast as A
      data: train,
      steps: 60,
      key: foldIn(key, 'fine'),
      signal,
      quick,
    });
    digits.push({ losses: run.losses, right: await percentRight(adapted, run.params, test) });
    dispose(run.params);
    await step(`digits, ratio ${ratio}`);
  }
  // #endregion main
  dispose([data, own]);
  return { widths, digits };
}

const best = (losses: readonly number[]): number => Math.min(...losses);
/** Losses are averaged on a logarithmic scale. */
const geometric = (x: readonly number[]): number => Math.exp(mean(x.map(Math.log)));

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, WIDTHS.length * RATIOS.length + 3, once);
  const bestAt = (width: number, ratio: number): number[] =>
    runs.map(({ widths }) => best(widths[width]![ratio]!));
  const names = RATIOS.map((ratio) => (ratio === 1 ? 'one rate for A and B' : `B ${ratio} times as fast`));
  const steps = runs[0]!.digits[0]!.losses.map((_, i) => i + 1);
  return {
    charts: [
      ...WIDTHS.map((n, w) => ({
        type: 'line' as const,
        title: `Width ${n}: loss after training`,
        xAxis: { label: 'learning rate of A', scale: 'log' as const },
        yAxis: { label: 'loss ÷ loss before', scale: 'log' as const },
        series: RATIOS.map((_, r) => ({
          name: names[r]!,
          x: RATES,
          y: RATES.map((_, i) => geometric(runs.map(({ widths }) => widths[w]![r]![i]!))),
          dashed: r === 0,
        })),
      })),
      {
        type: 'line',
        title: 'Digits turned by 90°: training loss',
        xAxis: { label: 'step' },
        yAxis: { label: 'cross-entropy', scale: 'log' },
        series: [names[0]!, names[2]!].map((name, i) => ({
          name,
          x: steps,
          y: steps.map((_, j) => mean(runs.map(({ digits }) => digits[i]!.losses[j]!))),
          dashed: i === 0,
          points: false,
        })),
      },
    ],
    checks: [
      check(
        'Best loss with a faster B ÷ best loss with one rate, width 2048',
        runs.map((_, i) => Math.min(...[1, 2].map((r) => bestAt(0, r)[i]!)) / bestAt(0, 0)[i]!),
        { expected: { atMost: 0.95 }, band: [0.1, 1.6] },
      ),
      check(
        'Loss at the rate 1e-4, B 16 times as fast ÷ one rate',
        runs.map(({ widths }) => widths[0]![2]![0]! / widths[0]![0]![0]!),
        { expected: { atMost: 0.5 }, band: [0.05, 1.2] },
      ),
      check(
        'Loss on turned digits, B 16 times as fast ÷ one rate',
        runs.map(({ digits }) => lastLoss(digits[1]!) / lastLoss(digits[0]!)),
        { expected: { atMost: 0.5 }, band: [0.01, 1.2] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['rates', ...WIDTHS.map((n) => `best loss, width ${n}`), 'turned digits right, percent'],
      rows: RATIOS.map((ratio, r) => [
        names[r]!,
        ...WIDTHS.map((_, w) => mean(bestAt(w, r))),
        ratio === 4 ? 'not tried' : mean(runs.map(({ digits }) => digits[ratio === 1 ? 0 : 1]!.right)),
      ]),
    },
  };
}
