import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossingRows } from '../../src/aggregation/monotone-quantiles.js';
import { averageModels, medianModels, selectBestModel } from '../../src/aggregation/simple-aggregates.js';

const a = [
  [0, 2],
  [10, 20],
];
const b = [
  [3, 4],
  [30, 60],
];
const c = [
  [30, 0],
  [20, 10],
];

describe('averageModels and medianModels', () => {
  it('join models cell by cell', () => {
    expect([...averageModels([a, b, c]).data]).toEqual([11, 2, 20, 30]);
    expect([...medianModels([a, b, c]).data]).toEqual([3, 2, 20, 20]);
    expect([...medianModels([a, b]).data]).toEqual([1.5, 3, 20, 40]);
  });

  it('change nothing when all models are equal, and keep the order of levels', () => {
    const row = fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 4, maxLength: 4 });
    const sorted = row.map((values) => [...values].sort((x, y) => x - y));
    fc.assert(
      fc.property(fc.array(sorted, { minLength: 1, maxLength: 5 }), (models) => {
        for (const join of [averageModels, medianModels]) {
          expect(crossingRows(join(models.map((model) => [model])))).toEqual([]);
          join([[models[0]!], [models[0]!]]).data.forEach((value, k) =>
            expect(value).toBeCloseTo(models[0]![k]!, 12),
          );
        }
      }),
    );
  });

  it('name the model that does not fit', () => {
    expect(() => averageModels([])).toThrow('averageModels: models is empty, expected at least one');
    expect(() => medianModels([a, [[1, 2]]])).toThrow(
      'medianModels: models[1] is [1, 2], expected [2, 2] as models[0]',
    );
    expect(() =>
      averageModels([
        a,
        [
          [1, 2],
          [3, Infinity],
        ],
      ]),
    ).toThrow('models[1] is Infinity at row 1, column 1');
  });
});

describe('selectBestModel', () => {
  it('takes the model with the smallest mean pinball loss', () => {
    const { index, losses } = selectBestModel({ models: [a, b, c], y: [3, 40], levels: [0.5, 0.9] });
    // Model 1: |0|/2, 0.1, 5, 2 → 7.1 / 4.
    expect(index).toBe(1);
    expect(losses[1]).toBeCloseTo(7.1 / 4, 12);
  });
});
