import { describe, expect, it } from 'vitest';
import * as api from '../src/index.js';
import * as nodeApi from '../src/node/index.js';

describe('the exported names', () => {
  it('of the package are these', () => {
    expect(Object.keys(api).sort()).toEqual([
      'AdapterError',
      'adaptBone',
      'adaptFloraTucker',
      'adaptModel',
      'adaptParams',
      'adapterFromParams',
      'adapterLayouts',
      'adapterParams',
      'adapterTensors',
      'boneAdapter',
      'boneToLora',
      'combinationTypes',
      'combineAdapters',
      'compareWeights',
      'defaultLoraConfig',
      'detectLayout',
      'diagnoseAdapter',
      'diagnosisReport',
      'distilAdapters',
      'extractAdapter',
      'factorizeModel',
      'factorizedModel',
      'fitTucker',
      'fromDiffusers',
      'fromKohya',
      'fromMlx',
      'initBone',
      'initEva',
      'initFloraTucker',
      'initLora',
      'inspectAdapter',
      'interpolateRobust',
      'layerDelta',
      'liftMask',
      'loraConfig',
      'loraPlus',
      'loraPlusGroup',
      'matchModules',
      'mergeAdapter',
      'mergeIntoCheckpoint',
      'moduleCriticality',
      'moveMasks',
      'openAdapter',
      'openPeftAdapter',
      'papers',
      'parseLoraAdapter',
      'parseLoraConfig',
      'parsePeftAdapter',
      'pelaObjective',
      'pgdAttack',
      'priorDistillation',
      'rankOf',
      'reduceIntruders',
      'resizeAdapter',
      'robustAccuracy',
      'scaleWeightedCrossEntropy',
      'scalings',
      'selectiveTraining',
      'serializeLoraAdapter',
      'serializeLoraConfig',
      'sparseAdamw',
      'toDiffusers',
      'toKohya',
      'toMlx',
      'toOriginalBase',
      'trainLisa',
      'tuckerProduct',
      'unmergeAdapter',
    ]);
  });

  it('of the Node entry are these', () => {
    expect(Object.keys(nodeApi).sort()).toEqual(['loadAdapter', 'loadPeftAdapter', 'saveAdapter']);
  });
});

it('names only methods that exist in the table of papers', () => {
  for (const { methods } of Object.values(api.papers)) {
    for (const method of methods) expect(Object.keys(api)).toContain(method);
  }
});

describe('AdapterError', () => {
  it('is recognised by its mark, also when it comes from another copy of the package', () => {
    const error = new api.AdapterError({ where: 'x', expected: 'a', received: 'b', cure: 'c' });
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toBe('x: expected a, received b; c');
    expect(error).toMatchObject({ name: 'AdapterError', where: 'x', expected: 'a', received: 'b' });
    expect(api.AdapterError.isInstance(error)).toBe(true);
    const copy = Object.assign(new Error('x'), { [Symbol.for('weightloom.lora.AdapterError')]: true });
    expect(api.AdapterError.isInstance(copy)).toBe(true);
    for (const other of [new Error('x'), null, undefined, 'x', {}])
      expect(api.AdapterError.isInstance(other)).toBe(false);
  });
});
