import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { trainDigits } from './readme-example.js';

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

it('runs the example of the README, word for word, to the accuracy it states', async () => {
  expect(read('../README.md')).toContain(read('readme-example.ts').trimEnd());
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const { accuracy, history, backend } = await trainDigits();
  expect(log).toHaveBeenLastCalledWith(expect.stringMatching(/^300\/300 epoch 15\/15, loss /));
  log.mockRestore();
  expect(Math.abs(accuracy - 0.97)).toBeLessThan(0.015);
  expect(history).toHaveLength(15);
  expect(backend).toBe('wasm');
});
