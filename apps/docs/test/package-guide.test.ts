import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageGuide } from '../src/node/package-guide.js';

const packages = `${mkdtempSync(join(tmpdir(), 'package-guide-'))}/`;
for (const folder of ['nn', 'merging', 'datasets']) {
  mkdirSync(packages + folder);
  writeFileSync(`${packages}${folder}/README.md`, '');
}
writeFileSync(`${packages}merging/LICENSE`, '');
afterAll(() => rmSync(packages, { recursive: true }));

const guide = (readme?: string): string =>
  packageGuide({ folder: 'merging', name: '@scope/merging', description: 'Merges.', readme }, packages, [
    'merging',
    'nn',
  ]);

describe('packageGuide', () => {
  it('is the README and a link to the API', () => {
    expect(guide('# Merging\n\nText.\n')).toBe(
      '# Merging\n\nText.\n\n[Everything @scope/merging exports](/api/merging)\n',
    );
  });

  it('is name and description while there is no README', () => {
    expect(guide()).toContain('# @scope/merging\n\nMerges.\n');
  });

  it("leads a link to a neighbour's README to the neighbour's page", () => {
    expect(guide('See [nn](../nn/README.md#limits) and [nn](../nn/).')).toContain(
      'See [nn](/guide/nn) and [nn](/guide/nn).',
    );
  });

  it('keeps links to other sites, and only the words of a link to a file without a page', () => {
    expect(guide('[a](https://arxiv.org) [MIT](LICENSE) [data](../datasets/README.md)')).toContain(
      '[a](https://arxiv.org) MIT data',
    );
  });

  it('refuses a link to a file that is not there, naming README and link', () => {
    expect(() => guide('[x](./nothing.md)')).toThrow('packages/merging/README.md: links to "./nothing.md"');
  });
});
