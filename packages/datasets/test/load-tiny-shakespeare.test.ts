import { expect, it } from 'vitest';
import { datasets, loadTinyShakespeare } from '../src/index.js';

it('holds 40,000 lines and 1,115,394 characters of which 65 are distinct, as `wc` and char-rnn count them', async () => {
  const { text, licence } = await loadTinyShakespeare();
  expect(text.length).toBe(1_115_394);
  expect(text.split('\n').length - 1).toBe(datasets.tinyShakespeare.rows);
  expect(new Set(text).size).toBe(65);
  expect(text.startsWith('First Citizen:\nBefore we proceed any further, hear me speak.\n')).toBe(true);
  expect(licence).toBe('public domain');
});
