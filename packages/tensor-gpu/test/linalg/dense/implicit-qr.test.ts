import { expect, it } from 'vitest';
import { LinAlgError } from '../../../src/index.js';
import { diagonalizeBidiagonal } from '../../../src/linalg/dense/bidiagonal-qr.js';
import { ColumnRotations } from '../../../src/linalg/dense/rotations.js';
import { diagonalizeTridiagonal } from '../../../src/linalg/dense/tridiagonal-qr.js';

const rotations = (n: number): ColumnRotations => new ColumnRotations(new Float64Array(n * n), n, n);

it('finds the singular values of [[1, 1], [0, 1]], the golden ratio and its inverse', () => {
  const d = Float64Array.of(1, 1);
  diagonalizeBidiagonal('test', d, Float64Array.of(1), rotations(2), rotations(2));
  const sizes = [...d].map(Math.abs).sort();
  expect(sizes[0]).toBeCloseTo((Math.sqrt(5) - 1) / 2, 15);
  expect(sizes[1]).toBeCloseTo((Math.sqrt(5) + 1) / 2, 15);
});

it('finds the eigenvalues 2 - 2cos(kπ/6) of the second difference', () => {
  const d = Float64Array.of(2, 2, 2, 2, 2);
  diagonalizeTridiagonal('test', d, Float64Array.of(-1, -1, -1, -1), rotations(5));
  d.sort().forEach((value, i) => expect(value).toBeCloseTo(2 - 2 * Math.cos(((i + 1) * Math.PI) / 6), 14));
});

it('gives up with one clear error instead of going on for ever', () => {
  const bad = (): Float64Array => Float64Array.of(1, NaN, 2);
  const bidiagonal = (): void =>
    diagonalizeBidiagonal('svd', bad(), Float64Array.of(1, 1), rotations(3), rotations(3));
  expect(bidiagonal).toThrow(LinAlgError);
  expect(bidiagonal).toThrow('svd: expected convergence within 40 steps per singular value');
  expect(() => diagonalizeTridiagonal('eigh', bad(), Float64Array.of(1, 1), rotations(3))).toThrow(
    'eigh: expected convergence within 40 steps per eigenvalue, received 3 of 3 eigenvalues still open',
  );
});
