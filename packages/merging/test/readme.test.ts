import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadStateDict, saveStateDict } from '@weightloom/state-dict/node';
import { expect, it } from 'vitest';
import { parseRecipe } from '../src/index.js';
import { methods } from '../src/methods.js';
import { dict, values } from './helpers.js';
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
