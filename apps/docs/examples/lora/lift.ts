import { liftMask, type LiftMaskOptions, sparseAdamw } from '@weightloom/lora';
import {
  add,
  backendReport,
  dispose,
  foldIn,
  type Key,
  matmul,
  mul,
  normal,
  tidy,
} from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { mean } from '../../src/summary.js';
import { fineTune, lastLoss, turnedDigits } from '../../src/turned-digits.js';

export const paper: Paper = {
  title:
    'LIFT the Veil for the Truth: Principal Weights Emerge after Rank Reduction for Reasoning-Focused Supervised Fine-Tuning',
  authors: 'Liu et al.',
  venue: 'ICML 2025',
  url: 'https://arxiv.org/abs/2506.00772',
};

export const claim =
  'Of a matrix of rank 4 under noise, the 5 % of entries that are largest after rank reduction meet the 5 % that are truly largest ' +
  'more often than the largest entries of the noisy matrix do, by at least 10 points. When a network trained on digits learns turned ' +
  'digits by changing 4 % of its weights, those that LIFT chooses end at a loss at most 1.1 times that of the largest weights.';

const NOISE = [0.25, 0.5, 1, 2, 4];
const [ROWS, COLUMNS, RANK] = [64, 96, 4];
const STEPS = 200;
const SHARE = 0.04;
const CHOICES = ['lift', 'magnitude', 'random'] as const;
type Choice = (typeof CHOICES)[number];
const NAMES: Record<Choice, string> = {
  lift: 'LIFT: largest after rank reduction',
  magnitude: 'largest weights',
  random: 'random weights',
};

/** Which part of the largest entries of a low-rank matrix a choice finds under noise. */
function overlaps(key: Key): Record<'lift' | 'magnitude', number[]> {
  const draw = (name: string, rows: number, columns: number) => normal(foldIn(key, name), [rows, columns]);
  const count = Math.floor(0.05 * ROWS * COLUMNS);
  const found = { lift: [] as number[], magnitude: [] as number[] };
  tidy(() => {
    const signal = mul(matmul(draw('u', ROWS, RANK), draw('v', RANK, COLUMNS)), 1 / Math.sqrt(RANK));
    const truth = new Set(liftMask(signal, { filterRank: RANK, count, select: 'magnitude' }));
    for (const sigma of NOISE) {
      const noisy = add(signal, mul(draw(`noise ${sigma}`, ROWS, COLUMNS), sigma));
      for (const select of ['lift', 'magnitude'] as const) {
        const chosen = liftMask(noisy, { filterRank: RANK, count, select });
        found[select].push(chosen.filter((at) => truth.has(at)).length / count);
      }
    }
    return [];
  });
  return found;
}

async function once({ key, signal, quick, step }: Repetition) {
  const overlap = overlaps(foldIn(key, 'overlap'));
  await step('masks of a noisy matrix');
  const { model, ...data } = await turnedDigits([192, 192, 192], { key, signal, quick });
  const { base, train, source, test } = data;
  await step('base trained');

  const results = {} as Record<
    Choice,
    { losses: readonly number[]; task: number; source: number; changed: number }
  >;
  for (const select of CHOICES) {
    // #region main
    // The principal weights of every layer but the last; all others stay.
    const masks = Object.fromEntries(
      [0, 1, 2].map((layer) => {
        const weight = base[`layers.${layer}.weight`]!;
        const options: LiftMaskOptions = {
          filterRank: 8,
          count: Math.floor(SHARE * weight.size),
          select,
          key: foldIn(key, layer),
        };
        return [`layers.${layer}.weight`, liftMask(weight, options)];
      }),
    );
    const run = await fineTune({
      model,
      params: base,
      trainable: (name) => name in masks,
      optimizer: sparseAdamw(masks, { learningRate: 1e-2 }), // moments of the chosen entries alone
      data: train,
      steps: STEPS,
      key: foldIn(key, 'fine'),
      signal,
      quick,
    });
    // #endregion main
    const changed = Object.keys(masks).reduce((sum, name) => {
      const [before, after] = [base[name]!.dataSync(), run.params[name]!.dataSync()];
      return sum + after.filter((value, i) => value !== before[i]).length;
    }, 0);
    results[select] = {
      losses: run.losses,
      task: await percentRight(model, run.params, test),
      source: await percentRight(model, run.params, source),
      changed: changed / Object.keys(masks).reduce((sum, name) => sum + base[name]!.size, 0),
    };
    dispose(run.params);
    await step(NAMES[select]);
  }
  dispose(data);
  return { overlap, results };
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 2 + CHOICES.length, once);
  const final = (choice: Choice): number[] => runs.map(({ results }) => lastLoss(results[choice]));
  const steps = runs[0]!.results.lift.losses.map((_, i) => i + 1);
  return {
    charts: [
      {
        type: 'line',
        title: 'What is found of a signal of rank 4 under noise',
        xAxis: { label: 'standard deviation of the noise', scale: 'log' },
        yAxis: { label: 'share of the largest 5 % found', range: [0, 1] },
        series: (['lift', 'magnitude'] as const).map((choice) => ({
          name: NAMES[choice],
          x: NOISE,
          y: NOISE.map((_, i) => mean(runs.map(({ overlap }) => overlap[choice][i]!))),
          dashed: choice === 'magnitude',
        })),
      },
      {
        type: 'line',
        title: 'Turned digits, learned with 4 % of the weights',
        xAxis: { label: 'step' },
        yAxis: { label: 'cross-entropy', scale: 'log' },
        series: CHOICES.map((choice) => ({
          name: NAMES[choice],
          x: steps,
          y: steps.map((_, i) => mean(runs.map(({ results }) => results[choice].losses[i]!))),
          dashed: choice !== 'lift',
          points: false,
        })),
      },
    ],
    checks: [
      ...[0.5, 1, 2].map((sigma) =>
        check(
          `Share found by LIFT − by magnitude, noise ${sigma}`,
          runs.map(
            ({ overlap }) => overlap.lift[NOISE.indexOf(sigma)]! - overlap.magnitude[NOISE.indexOf(sigma)]!,
          ),
          { expected: { atLeast: 0.1 }, band: [0.02, 0.7] },
        ),
      ),
      check(
        'Loss of LIFT ÷ loss of the largest weights',
        final('lift').map((loss, i) => loss / final('magnitude')[i]!),
        { expected: { atMost: 1.1 }, band: [0.2, 2] },
      ),
      check(
        'Share of weights that changed',
        runs.map(({ results }) => results.lift.changed),
        { expected: { atMost: SHARE }, band: [0.001, SHARE + 1e-9] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['chosen', 'loss', 'turned digits right, percent', 'upright digits right, percent'],
      rows: CHOICES.map((choice) => [
        NAMES[choice],
        mean(final(choice)),
        mean(runs.map(({ results }) => results[choice].task)),
        mean(runs.map(({ results }) => results[choice].source)),
      ]),
    },
  };
}
