import { key } from '@weightloom/tensor-gpu';
import { expect, it } from 'vitest';
import { loadDigits } from '../../src/index.js';

it('gives 1797 digits with the counts and mean that scikit-learn states for its digits', async () => {
  const { train, validation, test } = await loadDigits();
  expect([train, validation, test].map((d) => d.inputs.shape)).toEqual([
    [1258, 64],
    [180, 64],
    [359, 64],
  ]);
  const labels = [train, validation, test].flatMap((d) => [...d.targets.dataSync()]);
  const counts = Array.from({ length: 10 }, (_, c) => labels.filter((l) => l === c).length);
  // numpy.bincount(sklearn.datasets.load_digits().target)
  expect(counts).toEqual([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
  const pixels = [train, validation, test].flatMap((d) => [...d.inputs.dataSync()]);
  // sklearn.datasets.load_digits().data.sum() is 561718
  expect(pixels.reduce((a, b) => a + b, 0) * 16).toBe(561718);
});

it('splits in another way for another key', async () => {
  const [one, two] = await Promise.all([1, 2].map((seed) => loadDigits({ key: key(seed) })));
  expect(one.test.targets.dataSync()).not.toEqual(two.test.targets.dataSync());
});
