import { key } from '@weightloom/tensor-gpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { labelLocus, selectLabels, treeLocus } from '../../src/loki/label-locus.js';
import { embeddingDistances, graphDistances, randomGraphDistances } from '../../src/loki/label-metric.js';

/** A root 0 with children 1 and 2; 1 has leaves 3 and 4, 2 has leaf 5. */
const tree = graphDistances(6, [
  [0, 1],
  [0, 2],
  [1, 3],
  [1, 4],
  [2, 5],
]);

describe('graphDistances', () => {
  it('counts hops through a hierarchy and adds lengths', () => {
    expect([...tree.data.subarray(18, 24)]).toEqual([2, 1, 3, 0, 2, 4]);
    const [, ab] = graphDistances(3, [
      [0, 1, 5],
      [1, 2, 1],
      [2, 0, 2],
    ]).data;
    expect(ab).toBe(3);
  });

  it('refuses a graph in several parts, edges outside it and lengths not above 0', () => {
    expect(() => graphDistances(3, [[0, 1]])).toThrow(
      'no path joins labels 0 and 2, their distance is infinite',
    );
    expect(() => graphDistances(2, [[0, 2]])).toThrow(
      'edges[0] names label 2, expected an integer from 0 to 1',
    );
    expect(() => graphDistances(2, [[0, 1, 0]])).toThrow('edges[0] has length 0');
  });
});

describe('embeddingDistances and randomGraphDistances', () => {
  it('measures Euclidean distances', () => {
    expect([
      ...embeddingDistances([
        [0, 0],
        [3, 4],
      ]).data,
    ]).toEqual([0, 5, 5, 0]);
  });

  it('draws a connected graph from a key', () => {
    const draw = (seed: number) => randomGraphDistances({ nodes: 12, extra: 3, key: key(seed) }).data;
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(1).every((value) => value >= 0 && value < 12)).toBe(true);
  });
});

describe('treeLocus and labelLocus', () => {
  it('are the union of the paths between observed labels on a tree', () => {
    expect(treeLocus({ distances: tree, observed: [3, 4] })).toEqual([1, 3, 4]);
    expect(treeLocus({ distances: tree, observed: [3, 5] })).toEqual([0, 1, 2, 3, 5]);
    expect(treeLocus({ distances: tree, observed: [2] })).toEqual([2]);
  });

  it('agree on random trees: paths and linear programs find the same labels', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1000),
        fc.uniqueArray(fc.nat(7), { minLength: 1, maxLength: 4 }),
        async (seed, observed) => {
          const distances = randomGraphDistances({ nodes: 8, key: key(seed) });
          expect(await labelLocus({ distances, observed })).toEqual(treeLocus({ distances, observed }));
        },
      ),
      { numRuns: 25 },
    );
  });

  it('reach nothing new in a complete graph, and all of a tree from its leaves', async () => {
    const complete = Array.from({ length: 5 }, (_, a) =>
      Array.from({ length: 5 }, (_, b) => (a === b ? 0 : 1)),
    );
    expect(await labelLocus({ distances: complete, observed: [1, 3] })).toEqual([1, 3]);
    expect(treeLocus({ distances: tree, observed: [3, 4, 5] })).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('refuse labels outside the metric', async () => {
    expect(() => treeLocus({ distances: tree, observed: [6] })).toThrow('treeLocus: observed[0] is 6');
    await expect(labelLocus({ distances: tree, observed: [] })).rejects.toThrow('observed is empty');
  });
});

describe('selectLabels', () => {
  it('adds the label farthest from the locus, again and again', () => {
    // From 3: 5 is four hops away; then only 4 is outside the paths.
    expect(selectLabels({ distances: tree, observed: [3], count: 2 })).toEqual([5, 4]);
    expect(selectLabels({ distances: tree, observed: [3], count: 99 })).toHaveLength(5);
  });

  it('draws at random as a baseline', () => {
    const options = { distances: tree, observed: [3], count: 3, strategy: 'random' as const };
    const added = selectLabels({ ...options, key: key(1) });
    expect(new Set([...added, 3]).size).toBe(4);
    expect(added).toEqual(selectLabels({ ...options, key: key(1) }));
    expect(() => selectLabels(options)).toThrow('key is missing, it draws the labels');
    expect(() => selectLabels({ ...options, count: 0 })).toThrow('count is 0');
    expect(() => selectLabels({ ...options, strategy: 'best' as never })).toThrow('strategy is "best"');
  });
});
