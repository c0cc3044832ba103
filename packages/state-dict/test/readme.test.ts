import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadStateDict, saveStateDict } from '../src/node/index.js';
import { dict, values } from './helpers.js';
import { transfer } from './readme-example.js';

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

it('runs the example of the README, word for word', async () => {
  expect(read('../README.md')).toContain(read('readme-example.ts').trimEnd());
  const folder = await mkdtemp(join(tmpdir(), 'readme-'));
  try {
    const path = (name: string) => join(folder, `${name}.safetensors`);
    await saveStateDict(path('base'), dict({ w: [1, 1] }));
    await saveStateDict(path('tuned'), dict({ w: [3, 1] }));
    await saveStateDict(path('target'), dict({ w: [1, 5] }));
    expect(await transfer(path('base'), path('tuned'), path('target'), path('out'))).toBe(0);
    expect(await values(await loadStateDict(path('out')))).toEqual({ w: [2, 5] });
  } finally {
    await rm(folder, { recursive: true });
  }
});
