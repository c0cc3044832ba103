import { loadTinyShakespeare } from '@weightloom/datasets';
import { adapterFromParams, adaptModel, initLora, loraConfig, mergeAdapter } from '@weightloom/lora';
import {
  adam,
  type Dataset,
  evaluate,
  fit,
  type FitResult,
  gpt,
  softmaxCrossEntropy,
  type StateDict,
  textDataset,
  textWindows,
} from '@weightloom/nn';
import { abs, backendReport, dispose, foldIn, max, sub, tidy } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { barsOf, mean } from '../../src/summary.js';

export const paper: Paper = {
  title: 'LoRA: Low-Rank Adaptation of Large Language Models',
  authors: 'Hu et al.',
  venue: 'ICLR 2022',
  url: 'https://arxiv.org/abs/2106.09685',
};

export const claim =
  'A tiny GPT trained on Shakespeare learns Shakespeare without vowels. An adapter of rank 4, less than 15 % of the weights, gains at ' +
  'least 85 % of what tuning all weights gains, and more than biases alone do; merged into the weights it gives the same ' +
  'logits.';

const CONTEXT = 32;
const STEPS = 60;
const PRETRAINING = 150;
const CHARACTERS = 200_000;
const METHODS = ['all weights', 'LoRA, r = 4', 'biases alone'] as const;

/** Characters as numbers, by how they sort; the text is ASCII with 65 different ones. */
async function readText(): Promise<{ vocabulary: number; base: Int32Array; task: Int32Array }> {
  const text = (await loadTinyShakespeare()).text;
  const characters = [...new Set(text)].sort();
  const encode = (part: string): Int32Array => Int32Array.from(part, (c) => characters.indexOf(c));
  const later = text.slice(CHARACTERS, 2 * CHARACTERS).replace(/[aeiou]/gi, '');
  return { vocabulary: characters.length, base: encode(text.slice(0, CHARACTERS)), task: encode(later) };
}

async function once({ key, signal, quick, step }: Repetition) {
  const { vocabulary, base: plain, task } = await readText();
  const model = gpt({ vocabulary, context: CONTEXT, width: 48, layers: 2, heads: 4 });
  const common = { model, loss: softmaxCrossEntropy, signal };
  const windows = (tokens: Int32Array) =>
    textWindows(tokens, { context: CONTEXT, batchSize: 12, stepsPerEpoch: 50 });
  const { params: base } = await fit({
    ...common,
    data: windows(plain),
    optimizer: adam({ learningRate: 3e-3 }),
    steps: quick ? 3 : PRETRAINING,
    key: foldIn(key, 'base'),
  });
  await step('GPT trained');
  const held = Math.floor(task.length * 0.9);
  const test: Dataset = textDataset(task.subarray(held, held + (quick ? 16 : 160) * CONTEXT + 1), CONTEXT);
  const lossOf = async (of: Pick<typeof model, 'apply'>, params: StateDict): Promise<number> =>
    (await evaluate({ model: of, params, data: test, metrics: { loss: softmaxCrossEntropy } })).loss;

  // #region main
  const tune = {
    ...common,
    data: windows(task.subarray(0, held)),
    steps: quick ? 3 : STEPS,
    key: foldIn(key, 'fine'),
  };
  const config = loraConfig({ targetModules: 'all-linear', r: 4, loraAlpha: 4 });
  const { params: own } = initLora(base, config, { key: foldIn(key, 'start') });
  const adapted = adaptModel(model, { default: config });

  const all = await fit({ ...tune, params: base, optimizer: adam({ learningRate: 3e-3 }) });
  await step(METHODS[0]);
  const lora = await fit({
    ...tune,
    model: adapted,
    params: { ...base, ...own },
    trainable: adapted.trainable,
    optimizer: adam({ learningRate: 1e-2 }),
  });
  await step(METHODS[1]);
  const biases = await fit({
    ...tune,
    params: base,
    trainable: (name) => name.endsWith('.bias'),
    optimizer: adam({ learningRate: 1e-2 }),
  });
  await step(METHODS[2]);

  const merged = await mergeAdapter(base, await adapterFromParams(lora.params, config));
  // #endregion main

  const size = (wanted: (name: string) => boolean, dict: StateDict = base): number =>
    Object.keys(dict)
      .filter(wanted)
      .reduce((sum, name) => sum + dict[name]!.size, 0);
  const apart = tidy(() =>
    max(abs(sub(model.apply(merged, test.inputs), adapted.apply(lora.params, test.inputs)))),
  );
  const runs: FitResult[] = [all, lora, biases];
  const result = {
    before: await lossOf(model, base),
    after: [
      await lossOf(model, all.params),
      await lossOf(adapted, lora.params),
      await lossOf(model, biases.params),
    ],
    losses: runs.map(({ losses }) => losses),
    numbers: [size(() => true), size(() => true, own), size((name) => name.endsWith('.bias'))],
    apart: apart.item(),
  };
  dispose([base, own, merged, test.inputs, test.targets, apart, runs.map(({ params }) => params)]);
  return result;
}

/** Means over ten steps, so that curves can be told apart. */
const smooth = (losses: readonly number[]): number[] =>
  losses.map((_, i) => mean(losses.slice(Math.max(0, i - 9), i + 1)));

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 1 + METHODS.length, once);
  const gained = (method: number): number[] => runs.map(({ before, after }) => before - after[method]!);
  const steps = runs[0]!.losses[0]!.map((_, i) => i + 1);
  return {
    charts: [
      {
        type: 'line',
        title: 'Training loss on Shakespeare without vowels',
        xAxis: { label: 'step' },
        yAxis: { label: 'cross-entropy per character' },
        series: METHODS.map((name, m) => {
          const curves = runs.map(({ losses }) => smooth(losses[m]!));
          return {
            name,
            x: steps,
            y: steps.map((_, i) => mean(curves.map((curve) => curve[i]!))),
            dashed: m !== 1,
            points: false,
          };
        }),
      },
      barsOf('On text not trained on', 'cross-entropy per character', [
        { name: 'before', of: runs.map(({ before }) => before) },
        ...METHODS.map((name, m) => ({ name, of: runs.map(({ after }) => after[m]!) })),
      ]),
    ],
    checks: [
      check(
        'What LoRA gains ÷ what tuning all weights gains',
        gained(1).map((gain, i) => gain / gained(0)[i]!),
        { expected: { atLeast: 0.85 }, band: [0.5, 1.3] },
      ),
      check(
        'What LoRA gains − what biases gain',
        gained(1).map((gain, i) => gain - gained(2)[i]!),
        { expected: { atLeast: 0 }, band: [-0.2, 1] },
      ),
      check(
        'Numbers of the adapter ÷ of the model',
        runs.map(({ numbers }) => numbers[1]! / numbers[0]!),
        { expected: { atMost: 0.15 }, band: [0.01, 0.2] },
      ),
      check(
        'Largest difference of logits after merging',
        runs.map(({ apart }) => apart),
        { expected: { atMost: 1e-5 }, band: [0, 1e-3] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['trained', 'numbers', 'loss on other text'],
      rows: [
        ['nothing', 0, mean(runs.map(({ before }) => before))],
        ...METHODS.map((name, m) => [name, runs[0]!.numbers[m]!, mean(runs.map(({ after }) => after[m]!))]),
      ],
    },
  };
}
