import { describe, expect, it } from 'vitest';
import {
  checkSearchSpace,
  dimensionOf,
  startOf,
  valuesAt,
  type SearchSpace,
} from '../../src/evolve/search-space.js';

const space: SearchSpace = {
  weight: { low: -1, high: 3 },
  rate: { low: 0.01, high: 1, scale: 'log', start: 0.1 },
  layers: { low: 0, high: 1, count: 3, start: 0.25 },
  top: { low: 2, high: 5, whole: true },
  cut: { choices: [[0, 4], [0, 8], 'all'], start: 2 },
};

describe('a search space', () => {
  it('has a coordinate for each number and choice, and starts where it is told', () => {
    expect(dimensionOf(space)).toBe(7);
    expect(valuesAt(space, startOf(space))).toEqual({
      weight: 1,
      rate: expect.closeTo(0.1, 12) as number,
      layers: [0.25, 0.25, 0.25],
      top: 4,
      cut: 'all',
    });
  });

  it('reaches both bounds, and spreads choices and whole numbers evenly', () => {
    expect(valuesAt(space, [0, 0, 0, 0, 0, 0, 0])).toEqual({
      weight: -1,
      rate: 0.01,
      layers: [0, 0, 0],
      top: 2,
      cut: [0, 4],
    });
    expect(valuesAt(space, [1, 1, 1, 1, 1, 1, 1])).toEqual({
      weight: 3,
      rate: 1,
      layers: [1, 1, 1],
      top: 5,
      cut: 'all',
    });
    const at = (u: number) => valuesAt(space, [0, 0, 0, 0, 0, u, u]);
    expect([0.1, 0.3, 0.6, 0.9].map((u) => at(u).top)).toEqual([2, 3, 4, 5]);
    expect([0.2, 0.5, 0.8].map((u) => at(u).cut)).toEqual([[0, 4], [0, 8], 'all']);
  });

  it('reflects what lies beyond a bound', () => {
    const one: SearchSpace = { x: { low: 0, high: 10 } };
    expect([-0.2, 1.3, 2.4, -1.6].map((u) => valuesAt(one, [u]).x)).toEqual(
      [2, 7, 4, 4].map((x) => expect.closeTo(x, 9) as number),
    );
  });

  it.each<[string, SearchSpace, string]>([
    ['no parameter', {}, 'at least one parameter, received none'],
    [
      'bounds the wrong way',
      { x: { low: 1, high: 0 } },
      'finite bounds low < high for "x", received 1 and 0',
    ],
    [
      'an infinite bound',
      { x: { low: 0, high: Infinity } },
      'finite bounds low < high for "x", received 0 and Infinity',
    ],
    ['a start outside', { x: { low: 0, high: 1, start: 2 } }, 'start from 0 to 1 for "x", received 2'],
    [
      'a logarithm of 0',
      { x: { low: 0, high: 1, scale: 'log' } },
      'low above 0 on a log scale for "x", received 0',
    ],
    [
      'half a whole number',
      { x: { low: 0.5, high: 2, whole: true } },
      'whole bounds for "x", received 0.5 and 2',
    ],
    [
      'a list of nothing',
      { x: { low: 0, high: 1, count: 0 } },
      'count to be a whole number of at least 1 for "x", received 0',
    ],
    ['one choice', { x: { choices: [1] } }, 'at least two choices for "x", received 1'],
    [
      'a start beyond the choices',
      { x: { choices: [1, 2], start: 2 } },
      'start to be the place of a choice, 0 to 1 for "x", received 2',
    ],
  ])('refuses %s', (_, bad, message) => {
    expect(() => checkSearchSpace('evolve', bad)).toThrow(`evolve: expected ${message}`);
  });
});
