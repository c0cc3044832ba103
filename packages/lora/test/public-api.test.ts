import { expect, it } from 'vitest';
import * as api from '../src/index.js';
import * as node from '../src/node/index.js';

it('exports these names', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "AdapterError",
      "adaptModel",
      "adaptParams",
      "adapterFromParams",
      "adapterParams",
      "adapterTensors",
      "combinationTypes",
      "combineAdapters",
      "compareWeights",
      "defaultLoraConfig",
      "diagnoseAdapter",
      "diagnosisReport",
      "distilAdapters",
      "extractAdapter",
      "fromDiffusers",
      "fromKohya",
      "fromMlx",
      "initEva",
      "initLora",
      "layerDelta",
      "loraConfig",
      "matchModules",
      "mergeAdapter",
      "mergeIntoCheckpoint",
      "openAdapter",
      "openPeftAdapter",
      "parseLoraAdapter",
      "parseLoraConfig",
      "parsePeftAdapter",
      "rankOf",
      "reduceIntruders",
      "resizeAdapter",
      "scalings",
      "serializeLoraAdapter",
      "serializeLoraConfig",
      "toDiffusers",
      "toKohya",
      "toMlx",
      "toOriginalBase",
      "unmergeAdapter",
    ]
  `);
});

it('exports these names from the Node entry', () => {
  expect(Object.keys(node).sort()).toMatchInlineSnapshot(`
    [
      "loadAdapter",
      "loadPeftAdapter",
      "saveAdapter",
    ]
  `);
});
