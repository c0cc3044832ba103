import {
  adapterFromParams,
  adaptModel,
  compareWeights,
  diagnoseAdapter,
  type Diagnosis,
  initLora,
  type LoraAdapter,
  loraConfig,
  mergeAdapter,
  reduceIntruders,
} from '@weightloom/lora';
import { backendReport, dispose, foldIn } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { deviation, mean } from '../../src/summary.js';
import { fineTune, turnedDigits } from '../../src/turned-digits.js';

export const paper: Paper = {
  title: 'LoRA vs Full Fine-tuning: An Illusion of Equivalence',
  authors: 'Shuttleworth et al.',
  venue: 'NeurIPS 2025',
  url: 'https://arxiv.org/abs/2410.21228',
};

export const claim =
  'A network trained on digits learns turned digits. Among the ten largest directions of its two hidden weights, adapters of rank 1, 2 ' +
  'and 4 put at least one that no direction of the base is similar to (cosine below 0.3), full fine-tuning none. Halving those of rank 4 ' +
  '(cosine below 0.5) gives knowledge of upright digits back; growing them by a quarter costs some.';

const RANKS = [1, 2, 4];
const STEPS = 200;
const KEEP = [1.25, 1, 0.5, 0];
const HIDDEN = ['layers.1', 'layers.2']; // 192 × 192 each
const METHODS = ['full fine-tuning', ...RANKS.map((r) => `LoRA, r = ${r}`)];

async function once({ key, signal, quick, step }: Repetition) {
  const { model, ...data } = await turnedDigits([192, 192, 192], { key, signal, quick });
  const { base, train, source, test } = data;
  await step('base trained');
  const common = { data: train, steps: STEPS, key: foldIn(key, 'fine'), signal, quick };
  const diagnoses: Diagnosis[] = [];

  // #region main
  const options = { topK: 10, threshold: 0.3 };
  const full = await fineTune({ ...common, model, params: base, learningRate: 1e-3 });
  const hidden = (dict: typeof base) =>
    Object.fromEntries(HIDDEN.map((path) => [`${path}.weight`, dict[`${path}.weight`]!]));
  diagnoses.push(await compareWeights(hidden(base), hidden(full.params), options));
  await step(METHODS[0]!);

  let adapter: LoraAdapter | undefined;
  for (const r of RANKS) {
    const config = loraConfig({ targetModules: ['0', '1', '2', '3'], r, loraAlpha: r });
    const adapted = adaptModel(model, { default: config });
    const own = initLora(base, config, { key: foldIn(key, r) }).params;
    const run = await fineTune({
      ...common,
      model: adapted,
      params: { ...base, ...own },
      trainable: adapted.trainable,
      learningRate: 1e-2,
    });
    adapter = await adapterFromParams(run.params, config);
    const inside = new Map([...adapter.layers].filter(([path]) => HIDDEN.includes(path)));
    diagnoses.push(await diagnoseAdapter({ ...adapter, layers: inside }, base, options));
    dispose([own, run.params]);
    await step(`rank ${r}`);
  }

  // The adapter of rank 4, its intruders kept to some part.
  const kept = new Set(Object.values(base)); // a merge passes on what it does not change
  const mitigated = [];
  for (const keep of KEEP) {
    const { adapter: changed } = await reduceIntruders(adapter!, base, { keep, threshold: 0.5 });
    const merged = await mergeAdapter(base, changed);
    mitigated.push({
      task: await percentRight(model, merged, test),
      source: await percentRight(model, merged, source),
    });
    dispose(Object.values(merged).filter((weight) => !kept.has(weight)));
    await step(`kept to ${keep}`);
  }
  // #endregion main

  dispose([data, full.params]);
  return { diagnoses, mitigated };
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 1 + METHODS.length + KEEP.length, once);
  const count = (method: number): number[] => runs.map(({ diagnoses }) => diagnoses[method]!.intruders);
  const at = (keep: number, what: 'task' | 'source'): number[] =>
    runs.map(({ mitigated }) => mitigated[KEEP.indexOf(keep)]![what]);
  const gain = (a: number, b: number): number[] => at(a, 'source').map((x, i) => x - at(b, 'source')[i]!);
  const places = Array.from({ length: 10 }, (_, i) => i + 1);
  return {
    charts: [
      {
        type: 'line',
        title: 'Similarity of the ten largest directions to the base',
        description: 'First hidden weight; low values are intruders.',
        xAxis: { label: 'direction of the tuned weight, largest first' },
        yAxis: { label: 'largest cosine to a direction of the base', range: [0, 1] },
        series: METHODS.map((name, m) => ({
          name,
          x: places,
          y: places.map((_, j) =>
            mean(runs.map(({ diagnoses }) => diagnoses[m]!.layers[0]!.similarities[j]!)),
          ),
          dashed: m === 0,
        })),
      },
      {
        type: 'line',
        title: 'Scaling the intruders of rank 4',
        xAxis: { label: 'how much of them is kept' },
        yAxis: { label: 'right, percent', range: [0, 100] },
        series: (['source', 'task'] as const).map((what) => ({
          name: what === 'source' ? 'upright digits, from pretraining' : 'turned digits, the task',
          x: KEEP.toReversed(),
          y: KEEP.toReversed().map((keep) => mean(at(keep, what))),
          band: {
            lower: KEEP.toReversed().map((keep) => mean(at(keep, what)) - deviation(at(keep, what))),
            upper: KEEP.toReversed().map((keep) => mean(at(keep, what)) + deviation(at(keep, what))),
          },
        })),
      },
    ],
    checks: [
      check('Intruders of full fine-tuning, both weights', count(0), {
        expected: { atMost: 0.25 },
        band: [-1e-9, 4],
      }),
      ...RANKS.map((r, i) =>
        check(`Intruders of LoRA of rank ${r}, both weights`, count(i + 1), {
          expected: { atLeast: 1 },
          band: [-1e-9, 20],
        }),
      ),
      check('Upright digits, intruders halved − unchanged', gain(0.5, 1), {
        expected: { atLeast: 2 },
        band: [-10, 60],
        unit: 'points',
      }),
      check('Upright digits, unchanged − intruders grown by a quarter', gain(1, 1.25), {
        expected: { atLeast: 1 },
        band: [-10, 40],
        unit: 'points',
      }),
      check(
        'Turned digits, unchanged − intruders removed',
        at(1, 'task').map((x, i) => x - at(0, 'task')[i]!),
        { expected: { atLeast: 5 }, band: [-5, 90], unit: 'points' },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: ['fine-tuned', 'intruders, both weights', 'effective rank of the update', '‖ΔW‖ ÷ ‖W‖'],
      rows: METHODS.map((name, m) => {
        const layers = runs.flatMap(({ diagnoses }) => diagnoses[m]!.layers);
        return [
          name,
          mean(count(m)),
          mean(layers.map(({ effectiveRank }) => effectiveRank)),
          mean(layers.map(({ relativeNorm }) => relativeNorm)),
        ];
      }),
    },
  };
}
