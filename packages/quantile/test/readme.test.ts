import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as quantile from '../src/index.js';
import { forecast } from './readme-example.js';
import { pick, table } from './support/tables.js';

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

it('runs the example of the README, word for word: its band covers about 90% of unseen rows', async () => {
  expect(read('../README.md')).toContain(read('readme-example.ts').trimEnd());
  const concrete = await table('concrete');
  const part = (from: number, to: number) => pick(concrete, (i) => i % 10 >= from && i % 10 < to);
  const { summary, saved, scores } = forecast(part(0, 5), part(5, 8), part(8, 10));
  expect(summary).toContain('QuantReg Regression Results');
  expect(quantile.quantileModelFromJSON(JSON.parse(saved)).method).toBe('gradientBoosting');
  expect(scores.intervals[0]!.nominal).toBeCloseTo(0.9, 12);
  expect(scores.intervals[0]!.coverage).toBeGreaterThan(0.84);
  expect(scores.intervals[0]!.coverage).toBeLessThan(0.97);
});

it('names every exported function in the README', () => {
  const readme = read('../README.md');
  const functions = Object.entries(quantile).flatMap(([name, value]) =>
    typeof value === 'function' ? [name] : [],
  );
  expect(functions.filter((name) => !readme.includes(`\`${name}`))).toEqual([]);
});
