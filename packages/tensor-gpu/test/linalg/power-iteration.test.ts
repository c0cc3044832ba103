import { describe, expect, it } from 'vitest';
import {
  key,
  LinAlgError,
  matmul,
  memory,
  powerIteration,
  ShapeError,
  tensor,
  zeros,
} from '../../src/index.js';
import { definite, expectClose } from './helpers.js';

describe('powerIteration', () => {
  it('finds 3 and (1, 1)/√2 of [[2, 1], [1, 2]], by hand', () => {
    const { value, vector, residual, method } = powerIteration(
      tensor([
        [2, 1],
        [1, 2],
      ]),
      { key: key(1) },
    );
    expect(value).toBeCloseTo(3, 6);
    expectClose(vector, [Math.SQRT1_2, Math.SQRT1_2], 3e-4);
    expect(residual).toBeLessThanOrEqual(3e-4);
    expect(method).toBe('power-iteration');
  });

  it('finds a negative eigenvalue of a matrix that is not symmetric, in about log(1/tolerance) / log(ratio) steps', () => {
    const { value, vector, iterations } = powerIteration(
      tensor([
        [-4, 1],
        [0, 1],
      ]),
      { key: key(2) },
    );
    expect(value).toBeCloseTo(-4, 3);
    expectClose(vector, [1, 0], 1e-3);
    expect(iterations).toBeLessThan(15);
  });

  it('takes a function and is the same for the same key', () => {
    const a = definite(1, 20);
    const run = (seed: number) =>
      powerIteration((v) => matmul(a, v), { key: key(seed), size: 20, tolerance: 1e-5 });
    expect(run(3).value).toBe(run(3).value);
    expect(run(3).value / run(4).value).toBeCloseTo(1, 5);
    expect(powerIteration(zeros([3, 3]), { key: key(1) }).value).toBe(0);
  });

  it('leaves no tensors behind', () => {
    const a = definite(1, 20);
    const run = () => powerIteration(a, { key: key(5) }).vector.dispose();
    run();
    const { buffers } = memory();
    run();
    expect(memory().buffers).toBe(buffers);
  });

  it('does not converge on two eigenvalues of equal magnitude, and says so', () => {
    const run = () =>
      powerIteration(
        tensor([
          [2, 0],
          [0, -2],
        ]),
        { key: key(1), maxIterations: 50 },
      );
    expect(run).toThrow(LinAlgError);
    expect(run).toThrow(
      /powerIteration: expected convergence to 0.0001 within 50 iterations, received an eigenvalue near/,
    );
  });

  it('refuses what is not square and options out of range', () => {
    expect(() => powerIteration(zeros([2, 3]), { key: key(1) })).toThrow(ShapeError);
    expect(() => powerIteration(zeros([2, 2]), { key: key(1), size: 3 })).toThrow('a square matrix [3, 3]');
    expect(() => powerIteration(zeros([2, 2]), { key: key(1), maxIterations: 0 })).toThrow(
      'a whole maxIterations ≥ 1',
    );
    expect(() => powerIteration(zeros([2, 2]), { key: key(1), tolerance: 2 })).toThrow('a tolerance above 0');
  });
});
