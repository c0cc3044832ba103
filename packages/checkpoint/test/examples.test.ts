import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { toBfloat16 } from '../examples/to-bfloat16.js';
import { toFloat32 } from '../src/index.js';
import { openCheckpoint } from '../src/node/index.js';
import { temporaryFolder } from './node/temporary-folder.js';

it('the example of the README runs', async () => {
  const to = join(await temporaryFolder(), 'small');
  await toBfloat16(fileURLToPath(new URL('__fixtures__/sharded', import.meta.url)), to);
  const copy = await openCheckpoint(to);
  expect([...copy.tensors.values()].map(({ dtype }) => dtype)).toEqual(['BF16', 'BF16', 'BF16', 'BF16']);
  expect([...toFloat32(await copy.read('a.weight'))]).toEqual([0, 1, 2, 3, 4, 5]);
  expect(await copy.readFile('config.json')).toBeDefined();
  await copy.close();
});

it('the README shows the example as it is', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(await readFile(new URL('../examples/to-bfloat16.ts', import.meta.url), 'utf8'));
});
