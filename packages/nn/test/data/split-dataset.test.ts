import { arange, key, tensor } from '@weightloom/tensor-gpu';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitDataset } from '../../src/index.js';

const numbered = (n: number) => ({
  inputs: tensor(
    Float32Array.from({ length: n }, (_, i) => i),
    [n, 1],
  ),
  targets: arange(n),
});

it('cuts ten examples into seven, one and two', () => {
  const { train, validation, test } = splitDataset(numbered(10), { key: key(3) });
  expect([train, validation, test].map((d) => d.targets.shape[0])).toEqual([7, 1, 2]);
});

it('puts every example in exactly one part, inputs beside their targets, the same way for the same key', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 60 }), fc.nat(1000), (n, seed) => {
      const options = { key: key(seed), validation: 0.2, test: 0.25 };
      const parts = Object.values(splitDataset(numbered(n), options));
      const again = Object.values(splitDataset(numbered(n), options));
      const all = parts.flatMap(({ targets }) => [...targets.dataSync()]);
      expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      expect(parts.flatMap(({ inputs }) => [...inputs.dataSync()])).toEqual(all);
      expect(again.flatMap(({ targets }) => [...targets.dataSync()])).toEqual(all);
    }),
    { numRuns: 30 },
  );
});

it('refuses shares that leave nothing, and tensors that disagree', () => {
  expect(() => splitDataset(numbered(2), { key: key(0), validation: 0.5, test: 0.5 })).toThrow(
    'splitDataset: expected at least one example left for training, received 2 examples, 1 and 1 taken',
  );
  expect(() => splitDataset(numbered(4), { key: key(0), test: 1 })).toThrow(
    'splitDataset: expected test from 0 to below 1, received 1',
  );
  expect(() => splitDataset({ inputs: arange(3), targets: arange(4) }, { key: key(0) })).toThrow(
    'received [3] and [4]',
  );
});
