import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromFloat32 } from '@weightloom/checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeRecipe } from '../../src/node/index.js';
import { type TensorStatistics, withStatistics } from '../../src/recipe/merge-statistics.js';
import { makeTinyModel } from '../tiny-models.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'statistics-'));
  const models = { base: [0, 0, 0, 0], a: [3, 0, 4, 0], b: [1, 1, -1, 1] };
  for (const [name, list] of Object.entries(models)) {
    const weights = { 'model.layers.0.w': fromFloat32(Float32Array.from(list), 'F32') };
    await makeTinyModel(folder, name, { weights });
  }
});
afterAll(async () => rm(folder, { recursive: true }));

async function statistics(recipe: string, output: string): Promise<TensorStatistics> {
  let found: ReadonlyMap<string, TensorStatistics> = new Map();
  await mergeRecipe(recipe, {
    output: join(folder, output),
    cwd: folder,
    onPlan(plan) {
      const observed = withStatistics(plan);
      found = observed.statistics;
      return observed.plan;
    },
  });
  return found.get('model.layers.0.w')!;
}

const models = 'models: [{ model: a, parameters: { weight: 1 } }, { model: b, parameters: { weight: 1 } }]';

describe('withStatistics', () => {
  it('measures changes to the base, and how often they are opposite', async () => {
    const found = await statistics(`merge_method: task_arithmetic\nbase_model: base\n${models}`, 'on-base');
    expect(found).toMatchObject({ models: ['a', 'b'], norms: [5, 2], size: 4, signConflicts: 0.25 });
    // The sum is (4, 1, 3, 1).
    expect(found.resultNorm).toBeCloseTo(Math.sqrt(27), 6);
    expect(found.cosines[0]).toBeCloseTo(24 / 5 / Math.sqrt(27), 6);
    expect(found.cosines[1]).toBeCloseTo(3 / 2 / Math.sqrt(27), 6);
  });

  it('measures the weights themselves without a base', async () => {
    const found = await statistics(`merge_method: linear\n${models}`, 'plain');
    expect(found).toMatchObject({ norms: [5, 2], signConflicts: undefined });
    expect(found.resultNorm).toBeCloseTo(Math.sqrt(27) / 2, 6);
  });
});
