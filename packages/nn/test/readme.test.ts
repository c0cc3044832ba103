import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadTinyShakespeare } from '@weightloom/datasets';
import { expect, it, vi } from 'vitest';
import { trainDigits } from './readme-example.js';
import { fineTune } from './readme-language-example.js';
import { learnToWrite } from './readme-text-example.js';

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

it('runs the example of the README, word for word, to the accuracy it states', async () => {
  expect(read('../README.md')).toContain(read('readme-example.ts').trimEnd());
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const { accuracy, history, backend } = await trainDigits();
  expect(log).toHaveBeenLastCalledWith(expect.stringMatching(/^300\/300 epoch 15\/15, loss /));
  log.mockRestore();
  expect(Math.abs(accuracy - 0.96)).toBeLessThan(0.015);
  expect(history).toHaveLength(15);
  expect(backend).toBe('wasm');
});

it('runs the example on text, word for word, to the loss it states', { timeout: 240_000 }, async () => {
  expect(read('../README.md')).toContain(read('readme-text-example.ts').trimEnd());
  const { text } = await loadTinyShakespeare();
  const { loss, words } = await learnToWrite(text);
  expect(Math.abs(loss - 2.3)).toBeLessThan(0.1);
  expect(words).toHaveLength(50);
  expect(words).toMatch(/^[A-Za-z ,.;:'!?\n-]+$/);
});

it('runs the example on a model folder, word for word', async () => {
  expect(read('../README.md')).toContain(read('readme-language-example.ts').trimEnd());
  const folder = fileURLToPath(new URL('golden/language/gpt2', import.meta.url));
  const out = await mkdtemp(join(tmpdir(), 'nn-readme-'));
  try {
    const { losses, words } = await fineTune(folder, 'hello w'.repeat(20), 'hello', join(out, 'tuned'));
    // The text repeats four tokens.
    expect(losses[0]).toBeGreaterThan(2);
    expect(losses.at(-1)).toBeLessThan(losses[0] / 2);
    expect(words).toMatch(/^[helow ]+$/);
    expect(readdirSync(join(out, 'tuned')).sort()).toEqual(readdirSync(folder).sort());
  } finally {
    await rm(out, { recursive: true });
  }
});
