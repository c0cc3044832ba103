import { describe, expect, it } from 'vitest';
import * as api from '../src/index.js';
import * as nodeApi from '../src/node/index.js';

describe('the exported names', () => {
  it('of the package are these', () => {
    expect(Object.keys(api).sort()).toEqual([
      'RecipeError',
      'activationMatching',
      'arceeFusion',
      'autoSpec',
      'barrier',
      'breadcrumbs',
      'breadcrumbsTies',
      'centerBarrier',
      'chooseSeparate',
      'cmaEs',
      'dareLinear',
      'dareTies',
      'della',
      'dellaLinear',
      'diagonalFisher',
      'disentanglementError',
      'ensemble',
      'evolve',
      'evolveRecipe',
      'fillRecipe',
      'fisherMerge',
      'greedyEnsemble',
      'greedySoup',
      'inspectRecipe',
      'interpolate',
      'karcher',
      'learnedSoup',
      'linear',
      'linearAssignment',
      'linearize',
      'mergeCheckpoints',
      'mergeMany',
      'mergeReport',
      'mergedWidths',
      'methods',
      'metricWeights',
      'metricsWeightedAveraging',
      'mixUp',
      'modelStock',
      'multislerp',
      'nearswap',
      'nuslerp',
      'outcomeCells',
      'papers',
      'parseEvolution',
      'parseModelReference',
      'parsePermutationSpec',
      'parseRecipe',
      'partialMerge',
      'passthrough',
      'patchWeights',
      'permute',
      'planRatios',
      'pleas',
      'ram',
      'ramPlus',
      'repair',
      'resetBatchNorm',
      'robustWeightSignature',
      'runRecipe',
      'sce',
      'showModelReference',
      'shuffleWeights',
      'singularAlignment',
      'slerp',
      'straightThrough',
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
      'weightMatching',
      'wiseFt',
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
