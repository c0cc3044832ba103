import { describe, expect, it } from 'vitest';
import {
  datasets,
  loadConcrete,
  loadEnergy,
  loadEngel,
  loadPowerPlant,
  loadWineQualityRed,
  loadYacht,
} from '../src/index.js';
import golden from './golden/tables.json' with { type: 'json' };

const loaders = {
  engel: loadEngel,
  yacht: loadYacht,
  energy: loadEnergy,
  concrete: loadConcrete,
  wineQualityRed: loadWineQualityRed,
  powerPlant: loadPowerPlant,
};

describe.each(Object.keys(loaders) as (keyof typeof loaders)[])('the %s table', async (name) => {
  const table = await loaders[name]();
  const { x, y, rows, columns } = table;
  const expected = golden[name];

  it('has the shape numpy reads, a name for every column, and names its source', () => {
    expect([rows, columns + 1]).toEqual(expected.shape);
    expect([x.length, y.length]).toEqual([rows * columns, rows]);
    expect(new Set([...table.featureNames, table.targetName]).size).toBe(columns + 1);
    expect(datasets[name]).toMatchObject({ rows, columns, source: table.source, licence: table.licence });
  });

  it('agrees with numpy to the last bit on three rows', () => {
    for (const [row, values] of Object.entries(expected.rows)) {
      const start = Number(row) * columns;
      expect([...x.subarray(start, start + columns), y[Number(row)]]).toEqual(values);
    }
  });

  it('agrees with numpy on the sum of every column', () => {
    const sums = new Array<number>(columns + 1).fill(0);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) sums[column]! += x[row * columns + column]!;
      sums[columns]! += y[row]!;
    }
    // Plain sums of up to 9568 doubles against exactly rounded ones: 1e-10 of the value is ample.
    sums.forEach((sum, column) => {
      const exact = expected.columnSums[column]!;
      expect(Math.abs(sum - exact)).toBeLessThanOrEqual(1e-10 * Math.max(1, Math.abs(exact)));
    });
  });
});
