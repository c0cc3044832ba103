/// <reference types="vite/client" />
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CommittedRun } from '../src/committed-run.js';
import { examples, findExample } from '../src/examples.js';
import { resultFaults } from '../src/result-faults.js';
import { defaultSeeds, runExample } from '../src/run-example.js';

const file = (path: string): URL => new URL(`../${path}`, import.meta.url);
const seeds = [0, 1, 2];

describe('the examples', () => {
  it('are every file below examples/', () => {
    const files = readdirSync(file('examples'), { recursive: true, encoding: 'utf8' });
    const found = files.filter((path) => path.endsWith('.ts')).map((path) => path.replace(/\.ts$/, ''));
    expect(examples.map((example) => `${example.package}/${example.id}`)).toEqual(found.sort());
    expect(examples.length).toBeGreaterThan(0);
  });

  it('are found by package and id, and an unknown one is refused', () => {
    const { package: folder, id } = examples[0]!;
    expect(findExample(folder, id)).toBe(examples[0]);
    expect(() => findExample(folder, 'nothing')).toThrow(RangeError);
  });

  it.each([[[]], [[0, 0]], [[-1]], [[0.5]], [[2 ** 31]]])('refuse %j as seeds', async (wrong) => {
    const example = await examples[0]!.load();
    await expect(runExample(example, { seeds: wrong })).rejects.toThrow('expected different integers');
  });
});

interface PaperTable {
  readonly papers?: Readonly<Record<string, { readonly title: string }>>;
}

const packages = import.meta.glob<PaperTable>('../../../packages/*/src/index.ts');

describe.each(examples.map((example) => [`${example.package}/${example.id}`, example] as const))(
  '%s',
  (path, entry) => {
    let checked: string[] = [];

    it('gives finite numbers inside their bands, and a reason for each check that does not hold', async () => {
      const labels: string[] = [];
      let last = 0;
      const onProgress = ({ done, total, label }: { done: number; total: number; label: string }): void => {
        expect(done).toBeGreaterThanOrEqual(last);
        expect(done).toBeLessThanOrEqual(total);
        last = done;
        labels.push(label);
      };
      const result = await runExample(await entry.load(), { seeds, onProgress });
      checked = result.checks.map(({ name }) => name);
      expect(resultFaults(result, seeds.length)).toEqual([]);
      expect(labels.length).toBeGreaterThan(0);
      expect(JSON.parse(JSON.stringify(result))).toEqual(result); // plain arrays, not typed ones
    }, 120_000);

    it('stops when its signal is aborted', async () => {
      const stop = new AbortController();
      const run = runExample(await entry.load(), {
        seeds,
        signal: stop.signal,
        onProgress: () => stop.abort(),
      });
      await expect(run).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    });

    it("names the paper as its package's table of papers does", async () => {
      const { papers } = await packages[`../../../packages/${entry.package}/src/index.ts`]!();
      expect(papers?.[entry.id]?.title).toBe((await entry.load()).paper.title);
    });

    it('shows a #main region, and has a committed full run of the same checks', async () => {
      const source = readFileSync(file(`examples/${path}.ts`), 'utf8');
      expect(source).toMatch(/\/\/ #region main\n[\s\S]*\/\/ #endregion main/);
      const claims = file(`claims/${path}.json`);
      expect(existsSync(claims), `run: npm run claims -- ${path}`).toBe(true);
      const committed = JSON.parse(readFileSync(claims, 'utf8')) as CommittedRun;
      expect(committed.seeds).toEqual((await entry.load()).seeds ?? defaultSeeds);
      expect(resultFaults(committed.result, committed.seeds.length)).toEqual([]);
      expect(committed.result.checks.map(({ name }) => name)).toEqual(checked);
    });
  },
);
