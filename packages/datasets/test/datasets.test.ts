import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { datasets } from '../src/index.js';

const read = (file: string): string => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');

describe('datasets', () => {
  it('names a DOI for every set under CC BY 4.0', () => {
    const licensed = Object.values(datasets).filter((set) => set.licence === 'CC BY 4.0');
    expect(licensed).toHaveLength(6);
    for (const set of licensed) expect(set.source).toMatch(/https:\/\/doi\.org\/10\.24432\/\w+$/);
  });

  it.each(Object.entries(datasets))('has the source of %s in data/LICENCES.md', (_name, set) => {
    expect(read('data/LICENCES.md').replace(/\s+/g, ' ')).toContain(set.source);
  });

  it.each(Object.entries(datasets))('has %s in the table of the README', (name, set) => {
    const cells = read('README.md')
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .find((row) => row[1] === `\`${name}\``);
    expect(cells?.slice(2, 6)).toEqual([set.title, `${set.rows}`, `${set.columns}`, set.licence]);
  });
});
