import { readFileSync } from 'node:fs';
import { mapTensors, scale, type StateDict, stateDict, subtract } from '@weightloom/state-dict';
import { flip, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  arceeFusion,
  breadcrumbs,
  breadcrumbsTies,
  karcher,
  linear,
  modelStock,
  multislerp,
  nearswap,
  nuslerp,
  ram,
  ramPlus,
  sce,
  slerp,
  taskArithmetic,
  tiesMerge,
  uniformSoup,
} from '../src/index.js';
import { values } from './helpers.js';

type Numbers = Record<string, number[]>;

const golden = JSON.parse(readFileSync(new URL('golden/merge.json', import.meta.url), 'utf8')) as {
  shapes: Numbers;
  weights: number[];
  base: Numbers;
  models: Numbers[];
  expected: Record<string, Numbers>;
};
const load = (numbers: Numbers): StateDict =>
  stateDict(
    Object.entries(numbers).map(
      ([name, list]) => [name, tensor(Float32Array.from(list), golden.shapes[name]!)] as const,
    ),
  );
const base = load(golden.base);
const models = golden.models.map(load);
const { weights } = golden;
const [m0, m1, m2] = models as [StateDict, StateDict, StateDict];
const pair = { weights: [0.5, 0.75] };
/** What numpy calls `w[::-1]`: the first axis backwards. */
const backwards = mapTensors(m2, (t) => flip(t, 0));
const mirrored = subtract(scale(base, 2), m0);

const cases: Record<string, () => Promise<StateDict>> = {
  uniformSoup: () => uniformSoup(models),
  linear: () => linear(models, { weights }),
  linearSum: () => linear(models, { weights, normalize: false }),
  slerp: () => slerp([models[0]!, models[2]!], { t: 0.3 }),
  taskArithmetic: () => taskArithmetic(base, models, { weights, lambda: 0.4 }),
  tiesMerge: () => tiesMerge(base, models, { density: 0.4, weights, lambda: 0.7 }),
  tiesMergeSum: () => tiesMerge(base, models, { density: 0.4, weights, lambda: 0.7, normalize: false }),
  tiesMergePaper: () => tiesMerge(base, models, { density: 0.2, trim: 'model' }),
  nuslerp: () => nuslerp([m0, m1], pair),
  nuslerpRow: () => nuslerp([m0, m1], { ...pair, along: 'row' }),
  nuslerpColumn: () => nuslerp([m0, m1], { ...pair, along: 'column' }),
  nuslerpBase: () => nuslerp([m0, m1], { ...pair, base }),
  multislerp: () => multislerp(models, { weights }),
  multislerpBase: () => multislerp(models, { weights, base }),
  karcher: () => karcher(models),
  karcherFar: () => karcher([base, backwards, m1], { maxIterations: 4, tolerance: 0 }),
  breadcrumbs: () => breadcrumbs(base, models, { density: 0.5, gamma: 0.1, weights, lambda: 0.5 }),
  breadcrumbsMergekit: () => breadcrumbs(base, models, { density: 0.5, gamma: 0.1, compat: 'mergekit' }),
  breadcrumbsRows: () => breadcrumbs(base, models, { density: 0.5, gamma: 0.2, along: 'row', lambda: 0.2 }),
  breadcrumbsTies: () =>
    breadcrumbsTies(base, models, { density: 0.3, gamma: 0.2, weights, normalize: true }),
  modelStock: () => modelStock(base, models),
  modelStockFilters: () => modelStock(base, models, { filterWise: true }),
  modelStockMergekit: () => modelStock(base, [m0, m1, mirrored], { compat: 'mergekit' }),
  sce: () => sce(base, models),
  sceSelect: () => sce(base, models, { selectTopK: 0.4 }),
  nearswap: () => nearswap(base, m0, { t: 0.05 }),
  arceeFusion: () => arceeFusion(base, m1),
  ram: () => ram(base, models, { epsilon: 0.15 }),
  ramPlus: () => ramPlus(base, models, { epsilon: 0.15, alpha: 0.7 }),
};

describe('numbers of a numpy program', () => {
  it('are there for every case', () => {
    expect(Object.keys(cases)).toEqual(Object.keys(golden.expected));
  });

  it.each(Object.keys(cases))('are those of %s', async (name) => {
    const merged = await values(await cases[name]!());
    for (const [tensorName, expected] of Object.entries(golden.expected[name]!)) {
      // One rounding to float32 is at most 2^-24 of values below 8.
      expected.forEach((value, i) => expect(merged[tensorName]![i]).toBeCloseTo(value, 6));
    }
  });
});
