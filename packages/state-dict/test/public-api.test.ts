import { describe, expect, it } from 'vitest';
import * as api from '../src/index.js';
import * as nodeApi from '../src/node/index.js';

describe('the exported names', () => {
  it('of the package are these', () => {
    expect(Object.keys(api).sort()).toEqual([
      'StateDictError',
      'add',
      'applyMask',
      'assertSameStructure',
      'blockRandom',
      'checkpointTensorSource',
      'combineInto',
      'cosine',
      'dot',
      'electSign',
      'fromTensors',
      'isComputed',
      'isFloat',
      'mapTensors',
      'norm',
      'productAdder',
      'productWorkspace',
      'rankValues',
      'rankWindow',
      'rawTensorSource',
      'runChunked',
      'runInMemory',
      'runTasks',
      'scale',
      'sparsify',
      'stateDict',
      'subtract',
      'toTensors',
      'weightedSum',
      'workingMemory',
      'zipTensors',
    ]);
  });

  it('of the Node entry are these', () => {
    expect(Object.keys(nodeApi).sort()).toEqual(['loadStateDict', 'saveStateDict']);
  });
});
