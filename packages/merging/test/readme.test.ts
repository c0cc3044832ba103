import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cnn, softmaxCrossEntropy } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { loadStateDict, saveStateDict } from '@weightloom/state-dict/node';
import { key, normal, tensor } from '@weightloom/tensor-gpu';
import { expect, it } from 'vitest';
import { parsePermutationSpec, parseRecipe, permute } from '../src/index.js';
import { methods } from '../src/methods.js';
import { dict, values } from './helpers.js';
import { mergeUpToPermutation } from './readme-align-example.js';
import { mergeFineTunes } from './readme-example.js';

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');
const readme = read('../README.md');

it('runs the example of the README, word for word', async () => {
  expect(readme).toContain(read('readme-example.ts').trimEnd());
  const folder = await mkdtemp(join(tmpdir(), 'readme-'));
  try {
    const path = (name: string) => join(folder, `${name}.safetensors`);
    await saveStateDict(path('base'), dict({ w: [0, 0] }));
    await saveStateDict(path('a'), dict({ w: [4, 1] }));
    await saveStateDict(path('b'), dict({ w: [2, 0] }));
    await mergeFineTunes(path('base'), [path('a'), path('b')], path('out'));
    // Of each the larger half: 4 and 2, whose mean is taken by 0.8.
    expect((await values(await loadStateDict(path('out')))).w).toEqual([Math.fround(2.4), 0]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('lists every method in the README', () => {
  for (const [name, { mergekit }] of Object.entries(methods)) {
    expect(readme).toContain(`\`${name}`);
    if (mergekit) expect(readme).toContain(`\`${mergekit}\``);
  }
});

it('shows a recipe in the README that can be read', () => {
  const [, recipe] = /```yaml\n([\s\S]*?)```/.exec(readme)!;
  expect(parseRecipe(recipe!)[0]!.method).toBe('slerp');
});

it('runs the example of alignment, word for word', async () => {
  expect(readme).toContain(read('readme-align-example.ts').trimEnd());
  const model = cnn({ input: [1, 4, 4], channels: [3, 4], classes: 2, norm: 'batch' });
  const inputs = normal(key(1), [40, 16]);
  const targets = tensor(Int32Array.from({ length: 40 }, (_, i) => i % 2));
  const loss = async (params: StateDict) =>
    (await softmaxCrossEntropy(model.apply(params, inputs), targets).data())[0]!;
  const a = model.init(key(2));
  const b = permute(a, 'auto', { 'features.0.conv': [2, 0, 1], 'features.1.conv': [3, 1, 0, 2] });
  const { merged, barrier } = await mergeUpToPermutation([a, b], model.apply, inputs, loss);
  expect(barrier).toBeLessThan(1e-5);
  expect((await values(merged))['features.0.conv.weight']).toEqual(
    (await values(a))['features.0.conv.weight'],
  );
});

it('has a specification of permutations that can be read', () => {
  const yaml = /```yaml\n(# spec.yml[^]*?)```/.exec(readme)![1]!;
  expect(Object.keys(parsePermutationSpec(yaml).tensors)).toHaveLength(5);
});
