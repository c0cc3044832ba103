import { describe, expect, it } from 'vitest';
import * as api from '../src/index.js';
import * as nodeApi from '../src/node/index.js';

describe('the exported names', () => {
  it('of the package are these', () => {
    expect(Object.keys(api).sort()).toEqual([
      'RecipeError',
      'arceeFusion',
      'breadcrumbs',
      'breadcrumbsTies',
      'cmaEs',
      'dareLinear',
      'dareTies',
      'della',
      'dellaLinear',
      'diagonalFisher',
      'ensemble',
      'fisherMerge',
      'greedyEnsemble',
      'evolve',
      'evolveRecipe',
      'fillRecipe',
      'greedySoup',
      'inspectRecipe',
      'karcher',
      'learnedSoup',
      'linear',
      'mergeCheckpoints',
      'mergeReport',
      'methods',
      'modelStock',
      'multislerp',
      'nearswap',
      'nuslerp',
      'papers',
      'parseEvolution',
      'parseModelReference',
      'parseRecipe',
      'passthrough',
      'ram',
      'ramPlus',
      'runRecipe',
      'sce',
      'showModelReference',
      'shuffleWeights',
      'slerp',
      'sweep',
      'taskArithmetic',
      'tiesMerge',
      'trainDart',
      'trainPapa',
      'trainSalsa',
      'trainWash',
      'trainZscl',
      'uniformSoup',
      'weightGrid',
      'withStatistics',
      'zsclDistillation',
    ]);
  });

  it('of the Node entry are these', () => {
    expect(Object.keys(nodeApi).sort()).toEqual([
      'evolveRecipe',
      'mergeCheckpoints',
      'mergeRecipe',
      'openModel',
    ]);
  });

  it('include every function that a paper names', () => {
    const functions = Object.values(api.papers).flatMap(({ functions }) => [...functions]);
    for (const name of functions) expect(api).toHaveProperty(name);
  });
});
