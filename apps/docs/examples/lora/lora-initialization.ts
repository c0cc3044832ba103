import { adam } from '@weightloom/nn';
import { backendReport, dispose, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { mean } from '../../src/summary.js';
import { sweep, wideTeacher } from '../../src/wide-teacher.js';

export const paper: Paper = {
  title: 'The Impact of Initialization on LoRA Finetuning Dynamics',
  authors: 'Hayou, Ghosh and Yu',
  venue: 'NeurIPS 2024',
  url: 'https://arxiv.org/abs/2406.08447',
};

export const claim =
  'A frozen network of width n is fine-tuned to a teacher that differs by a small rank-2 change of the hidden layer. At n = 1024 ' +
  'random A with B = 0 ends at 0.9 times the loss of A = 0 with random B or less, each at its own best rate, and its best rate is ' +
  'at least twice as large; the best rates of both fall with the width.';

const WIDTHS = [128, 1024] as const;
const RATES = [3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2];
const STEPS = 120;
const STARTS = ['init_a', 'init_b'] as const;
const NAMES = { init_a: 'Init[A]: random A, B = 0', init_b: 'Init[B]: A = 0, random B' };

async function once({ key, quick, step }: Repetition) {
  const losses: number[][][] = []; // by width, start and rate
  for (const width of WIDTHS) {
    // #region main
    const teacher = wideTeacher(foldIn(key, 'task'), width);
    const runs: number[][] = [];
    for (const start of STARTS) {
      const optimizer = adam({ learningRate: 1 }); // the rates of the sweep override it
      runs.push(
        sweep(teacher, { start, optimizer, rates: RATES, steps: quick ? 2 : STEPS, key: foldIn(key, start) }),
      );
      await step(`width ${width}, ${NAMES[start]}`);
    }
    // #endregion main
    losses.push(runs);
    dispose([teacher.params, { ...teacher.data }]);
  }
  return losses;
}

const best = (losses: readonly number[]): number => Math.min(...losses);
const bestRate = (losses: readonly number[]): number => RATES[losses.indexOf(best(losses))]!;
/** Rates are compared on a logarithmic scale. */
const geometric = (x: readonly number[]): number => Math.exp(mean(x.map(Math.log)));

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, WIDTHS.length * STARTS.length, once);
  const at = (width: number, start: number): number[][] => runs.map((losses) => losses[width]![start]!);
  const ratio = (top: number[][], bottom: number[][], of: (losses: readonly number[]) => number): number[] =>
    top.map((losses, i) => of(losses) / of(bottom[i]!));
  const log10 = (x: readonly number[]): number[] => x.map(Math.log10);
  return {
    charts: WIDTHS.map((n, w) => ({
      type: 'line' as const,
      title: `Width ${n}: loss after training`,
      xAxis: { label: 'learning rate', scale: 'log' as const },
      yAxis: { label: 'loss ÷ loss before', scale: 'log' as const },
      series: STARTS.map((start, s) => ({
        name: NAMES[start],
        x: RATES,
        y: RATES.map((_, i) => geometric(at(w, s).map((losses) => losses[i]!))),
        dashed: s === 1,
      })),
    })),
    checks: [
      check('Best loss of Init[A] ÷ of Init[B], width 1024', ratio(at(1, 0), at(1, 1), best), {
        expected: { atMost: 0.9 },
        band: [0.1, 2.5],
      }),
      check('Best rate of Init[A] ÷ of Init[B], width 1024', log10(ratio(at(1, 0), at(1, 1), bestRate)), {
        expected: { atLeast: Math.log10(2) },
        band: [-1, 3],
        unit: 'powers of ten',
      }),
      ...STARTS.map((start, s) =>
        check(
          `Best rate at width 128 ÷ at width 1024, ${start === 'init_a' ? 'Init[A]' : 'Init[B]'}`,
          log10(ratio(at(0, s), at(1, s), bestRate)),
          { expected: { atLeast: 0.2 }, band: [-1, 3], unit: 'powers of ten' },
        ),
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['width', 'best loss, Init[A]', 'best rate', 'best loss, Init[B]', 'best rate of it'],
      rows: WIDTHS.map((n, w) => [
        n,
        ...STARTS.flatMap((_, s) => [mean(at(w, s).map(best)), geometric(at(w, s).map(bestRate))]),
      ]),
    },
  };
}
