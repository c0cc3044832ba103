import {
  activationMatching,
  interpolate,
  jaccard,
  maximizeActivation,
  permute,
  resetBatchNorm,
  topExamples,
  unitCorrelation,
  unitResponses,
} from '@weightloom/merging';
import { cnn, type StateDict } from '@weightloom/nn';
import { backendReport, dispose, foldIn, generator } from '@weightloom/tensor-gpu';
import { check } from '../../src/check.js';
import { percentRight, splitDigits, train } from '../../src/digits.js';
import type { Paper, RunOptions, RunResult } from '../../src/example.js';
import { repeat, type Repetition } from '../../src/repeat.js';
import { mean } from '../../src/summary.js';

export const paper: Paper = {
  title: 'Understanding Permutation Based Model Merging with Feature Visualizations',
  authors: 'Zou et al.',
  venue: 'UniReps at NeurIPS 2024',
  url: 'https://openreview.net/forum?id=CWTEiuwOQU',
};

export const claim =
  'Two small convolutional networks, matched by the correlation of their activations and averaged: units of the merged network ' +
  'answer like their parents where these answer alike (rank correlation above 0.3 over the units), and more so than when units are ' +
  'paired at random (by more than 0.1).';

const CHANNELS = [16, 32];
const LAYERS = CHANNELS.map((_, i) => `features.${i}.norm`);
const SHOWN = 8; // units on the page
const TOP = 20; // examples that excite a unit most
const model = cnn({ input: [1, 8, 8], channels: CHANNELS, classes: 10, norm: 'batch' });

async function once({ key, signal, quick, step }: Repetition) {
  const { train: data, validation, test } = await splitDigits(key);
  const fitted = async (name: string): Promise<StateDict> => {
    const params = await train({
      model,
      data,
      epochs: 4,
      learningRate: 5e-3,
      key: foldIn(key, name),
      signal,
      quick,
    });
    await step(`${name} trained`);
    return params;
  };
  const [a, b] = [await fitted('first network'), await fitted('second network')];

  // #region main
  const { apply } = model;
  const source = { apply, inputs: data.inputs, signal };
  const matched = await activationMatching(a, b, { ...source, similarity: 'correlation' });
  const merge = (partner: StateDict) => resetBatchNorm(interpolate(a, partner, 0.5), source);
  const merged = await merge(matched.params);
  // #endregion main

  const draw = generator(foldIn(key, 'pairs'));
  const atRandom = permute(
    b,
    'auto',
    Object.fromEntries(
      Object.entries(matched.permutations).map(([group, { length }]) => [group, draw.permutation(length)]),
    ),
  );
  const mixed = await merge(atRandom);
  await step('merged');

  /** For each unit: how alike its parents answer, and how alike it and its parents do. */
  const kinship = async (partner: StateDict, child: StateDict) => {
    const units: { layer: string; parents: number; child: number; shared: number }[] = [];
    for (const layer of LAYERS) {
      const [first, second, own] = await Promise.all(
        [a, partner, child].map((params) =>
          unitResponses(params, { apply, layer, inputs: validation.inputs, signal }),
        ),
      );
      const [parents, toFirst, toSecond] = [
        unitCorrelation(first!, second!),
        unitCorrelation(first!, own!),
        unitCorrelation(second!, own!),
      ];
      const top = [first!, second!, own!].map((responses) => topExamples(responses, TOP));
      parents.forEach((alike, i) =>
        units.push({
          layer,
          parents: alike,
          child: (toFirst[i]! + toSecond[i]!) / 2,
          shared: (jaccard(top[0]![i]!, top[2]![i]!) + jaccard(top[1]![i]!, top[2]![i]!)) / 2,
        }),
      );
    }
    return units;
  };
  const units = await kinship(matched.params, merged);
  const random = await kinship(atRandom, mixed);
  await step('compared');

  // Units of the second layer whose parents answer most and least alike.
  const inLayer = units.filter(({ layer }) => layer === LAYERS[1]);
  const ranked = inLayer.map((_, i) => i).sort((i, j) => inLayer[j]!.parents - inLayer[i]!.parents);
  const shown = [...ranked.slice(0, SHOWN / 2), ...ranked.slice(-SHOWN / 2)];
  const pictures = [];
  for (const params of [a, matched.params, merged]) {
    const { images } = await maximizeActivation(params, {
      apply,
      layer: LAYERS[1]!,
      units: shown,
      shape: [1, 8, 8],
      steps: quick ? 3 : 100,
      totalVariation: 4,
      key: foldIn(key, 'pictures'),
      signal,
    });
    const pixels = await images.data();
    pictures.push(shown.map((_, i) => Array.from(pixels.slice(i * 64, (i + 1) * 64))));
    images.dispose();
  }
  const score = (params: StateDict) => percentRight(model, params, test);
  const accuracy = {
    parents: mean([await score(a), await score(b)]),
    merged: await score(merged),
    random: await score(mixed),
  };
  await step('drawn');
  dispose([data, validation, test, a, b, matched.params, merged, atRandom, mixed]);
  return { units, random, pictures, shown: shown.map((i) => ({ unit: i, ...inLayer[i]! })), accuracy };
}

/** Spearman's rank correlation. */
function rankCorrelation(x: readonly number[], y: readonly number[]): number {
  const ranks = (values: readonly number[]) => {
    const order = values.map((_, i) => i).sort((i, j) => values[i]! - values[j]!);
    const out = new Array<number>(values.length);
    order.forEach((i, rank) => (out[i] = rank));
    return out;
  };
  const [p, q] = [ranks(x), ranks(y)];
  const middle = (x.length - 1) / 2;
  const product = p.reduce((sum, rank, i) => sum + (rank - middle) * (q[i]! - middle), 0);
  return product / p.reduce((sum, rank) => sum + (rank - middle) ** 2, 0);
}

export async function run(options: RunOptions): Promise<RunResult> {
  const runs = await repeat(options, 5, once);
  const first = runs[0]!;
  const childOf = (units: typeof first.units) => mean(units.map(({ child }) => child));
  return {
    charts: [
      {
        type: 'images',
        title: 'Pictures that excite units of the second layer most',
        description:
          'First seed; above each column the unit and the correlation of its parents. Left the pairs that answer most alike, right the least.',
        rows: ['first network', 'second, matched', 'merged'],
        columns: first.shown.map(({ unit, parents }) => `${unit}: ${parents.toFixed(2)}`),
        size: [8, 8],
        images: first.pictures,
        range: 'each',
        width: 640,
      },
      {
        type: 'scatter',
        title: 'Units of the merged network and their parents',
        xAxis: { label: 'correlation of the parents with each other', range: [-1, 1] },
        yAxis: { label: 'correlation with the parents, mean', range: [-1, 1] },
        series: [
          { name: 'matched', x: first.units.map((u) => u.parents), y: first.units.map((u) => u.child) },
          {
            name: 'paired at random',
            x: first.random.map((u) => u.parents),
            y: first.random.map((u) => u.child),
          },
        ],
      },
      {
        type: 'bar',
        title: 'How much merged units are like their parents',
        categories: LAYERS.map((layer, i) => `layer ${i + 1}, ${layer}`),
        valueAxis: { label: 'mean over units and seeds', range: [0, 1] },
        series: [
          ...(['units', 'random'] as const).flatMap((kind) =>
            (['child', 'shared'] as const).map((what) => ({
              name: `${what === 'child' ? 'correlation' : `shared top ${TOP} examples`}, ${kind === 'units' ? 'matched' : 'random'}`,
              values: LAYERS.map((layer) =>
                mean(runs.flatMap((r) => r[kind].filter((u) => u.layer === layer).map((u) => u[what]))),
              ),
            })),
          ),
        ],
      },
    ],
    checks: [
      check(
        'Rank correlation: merged with parents, and parents with each other',
        runs.map((r) =>
          rankCorrelation(
            r.units.map((u) => u.parents),
            r.units.map((u) => u.child),
          ),
        ),
        { expected: { atLeast: 0.3 }, band: [-0.2, 1] },
      ),
      check(
        'Correlation with the parents: matched − at random',
        runs.map((r) => childOf(r.units) - childOf(r.random)),
        { expected: { atLeast: 0.1 }, band: [-0.05, 0.9] },
      ),
    ],
    backend: backendReport().name,
    table: {
      columns: [
        'Seed',
        'parents, %',
        'merged, %',
        'merged at random, %',
        'correlation, matched',
        'at random',
      ],
      rows: runs.map((r, i) => [
        options.seeds[i]!,
        r.accuracy.parents,
        r.accuracy.merged,
        r.accuracy.random,
        childOf(r.units),
        childOf(r.random),
      ]),
    },
  };
}
