import { expect, it } from 'vitest';
import * as charts from '../src/charts/index.js';
import * as main from '../src/index.js';
import * as node from '../src/node/index.js';
import * as report from '../src/report/index.js';

it.each([
  ['.', main, ['formatBytes', 'formatDuration', 'formatNumber', 'formatTable']],
  ['./charts', charts, ['chartColours', 'chartTable', 'chartVariables', 'renderChart']],
  ['./report', report, ['renderReport']],
  ['./node', node, ['cliAction', 'createProgram', 'exitCodes', 'runCli', 'startProgress', 'writeReport']],
])('exports these names and no others from %s', (_entry, api, names) => {
  expect(Object.keys(api).sort()).toEqual(names);
});
