import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';

it('the example of the README is the one that is tested, and it learns', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const source = readFileSync(new URL('../examples/train.ts', import.meta.url), 'utf8');
  expect(readme).toContain(source);
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const { losses } = await import('../examples/train.js');
  log.mockRestore();
  expect(losses[0]).toBeGreaterThan(0.3);
  expect(losses.at(-1)).toBeLessThan(0.02);
});
