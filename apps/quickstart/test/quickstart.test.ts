import { loadDigits } from '@weightloom/datasets';
import { key } from '@weightloom/tensor-gpu';
import { expect, it } from 'vitest';
import { split } from '../src/data.js';
import { runSeed, stepsPerSeed } from '../src/experiment.js';
import { gainsOf, meanGain, rowsOf } from '../src/summary.js';
import { reportOf } from '../src/report.js';

it('parts of the data share no row and have the sizes the README tells', async () => {
  const digits = await loadDigits();
  const parts = split(digits, key(0));
  expect(parts.train.inputs.shape).toEqual([600, 64]);
  expect(parts.finetune.map((p) => p.inputs.shape[0])).toEqual([150, 150, 150, 150]);
  expect(parts.validation.inputs.shape[0] + parts.cleanTest.inputs.shape[0]).toBe(597);
  expect([...parts.cleanTest.targets.dataSync()]).toEqual([...parts.shiftedTest.targets.dataSync()]);
  const pictures = (t: { dataSync(): ArrayLike<number> }): string[] => {
    const flat = Array.from(t.dataSync());
    return Array.from({ length: flat.length / 64 }, (_, i) => flat.slice(64 * i, 64 * i + 64).join());
  };
  const seen = new Set(pictures(parts.train.inputs));
  expect(pictures(parts.cleanTest.inputs).filter((p) => seen.has(p))).toEqual([]);
});

it('the uniform soup beats the mean of its ingredients on shifted pictures, and runs repeat to the bit', async () => {
  const digits = await loadDigits();
  let steps = 0;
  const work = { onStep: () => steps++ };
  const outcomes = [];
  for (const seed of [0, 1, 2]) outcomes.push(await runSeed(digits, seed, work));
  expect(steps).toBe(3 * stepsPerSeed);
  expect(meanGain(gainsOf(outcomes))).toBeGreaterThan(1);
  const rows = rowsOf(outcomes);
  expect(rows.map((r) => r.name)).toEqual([
    ...['base', 'variant 1', 'variant 2', 'variant 3', 'variant 4'],
    ...['uniformSoup', 'greedySoup', 'linear', 'slerp', 'taskArithmetic', 'tiesMerge'],
  ]);
  expect(rows[0].clean).toBeGreaterThan(90);
  const again = await runSeed(digits, 1, work);
  expect(again.scores).toEqual(outcomes[1].scores);
  expect([...again.soup['layers.0.weight'].dataSync()]).toEqual([
    ...outcomes[1].soup['layers.0.weight'].dataSync(),
  ]);
  expect(reportOf(outcomes, 1).sections.length).toBeGreaterThan(4);
});

it('stops between steps when asked to', async () => {
  const controller = new AbortController();
  const work = { onStep: () => controller.abort(new Error('enough')), signal: controller.signal };
  await expect(runSeed(await loadDigits(), 0, work)).rejects.toThrow('enough');
});
