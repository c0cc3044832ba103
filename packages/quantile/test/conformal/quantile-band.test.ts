import { expect, it } from 'vitest';
import { quantileBand } from '../../src/conformal/quantile-band.js';

const grid = {
  predictions: [
    [1, 2, 3],
    [4, 5, 6],
  ],
  levels: [0.1, 0.5, 0.9],
};

it('picks the columns of alpha/2 and 1 - alpha/2', () => {
  const { lower, upper } = quantileBand({ ...grid, alpha: 0.2 });
  expect([...lower, ...upper]).toEqual([1, 4, 3, 6]);
});

it('refuses an alpha whose levels are not in the grid', () => {
  expect(() => quantileBand({ ...grid, alpha: 0.1 })).toThrow(
    'quantileBand: alpha 0.1 needs level 0.05, which is not among 0.1, 0.5, 0.9',
  );
  expect(() => quantileBand({ ...grid, levels: [0.1, 0.9], alpha: 0.2 })).toThrow(
    'predictions has 3 columns',
  );
});
