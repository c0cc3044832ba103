import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { makeTestSets } from './readme-example.js';

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

it('runs the example of the README, word for word', async () => {
  expect(read('../README.md')).toContain(read('readme-example.ts').trimEnd());
  const { images, shifted, labels } = await makeTestSets();
  expect([images.length, shifted.length, labels.length]).toEqual([1797 * 64, 1797 * 64, 1797]);
  expect(shifted).not.toEqual(images);
});
