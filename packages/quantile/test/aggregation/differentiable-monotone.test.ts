import { grad, jit, mul, sum, type Tensor, tensor } from '@weightloom/tensor-gpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  crossingMargins,
  crossingPenalty,
  crossingPenaltyTensor,
  isotonicQuantiles,
  monotoneTensor,
  pavaVjp,
  softSortQuantiles,
  sortQuantiles,
  sortQuantilesVjp,
  sweepQuantiles,
} from '../../src/index.js';

const host = {
  sort: sortQuantiles,
  isotonic: isotonicQuantiles,
  sweep: sweepQuantiles,
  softSort: softSortQuantiles,
} as const;
type Operator = keyof typeof host;
const names = Object.keys(host) as Operator[];

/** Rows of distinct eighths, exact in float32, and a gradient for each cell. */
const rowsOf = (m: number) =>
  fc
    .uniqueArray(fc.integer({ min: -400, max: 400 }), { minLength: 3 * m, maxLength: 3 * m })
    .map((cells) => ({
      v: Float64Array.from(cells, (cell) => cell / 8),
      u: Float64Array.from(cells, (cell, i) => ((cell * 7 + i * 13) % 16) / 8),
    }));

const pull = (operator: Operator, v: Float64Array, u: Float64Array, m: number): number[] => {
  const weights = tensor(u, [u.length / m, m]);
  const loss = (q: Tensor) => sum(mul(monotoneTensor(q, operator), weights));
  return [...(jit(grad(loss))(tensor(v, [v.length / m, m])) as Tensor).dataSync()];
};

const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, digits = 3) => {
  expect(actual.length).toBe(expected.length);
  Array.from(expected).forEach((value, i) => expect(actual[i]).toBeCloseTo(value, digits));
};

describe('monotoneTensor', () => {
  it('orders one row as by hand and averages the gradient over its blocks', () => {
    const v = tensor([[2, 1, 5, 3, 4]]);
    const values = (operator: Operator) => [...monotoneTensor(v, operator).dataSync()];
    expect(values('sort')).toEqual([1, 2, 3, 4, 5]);
    expect(values('isotonic')).toEqual([1.5, 1.5, 4, 4, 4]);
    expect(values('sweep')).toEqual([1, 1, 5, 5, 5]);
    const u = Float64Array.of(1, 2, 3, 6, 9);
    close(pull('isotonic', Float64Array.of(2, 1, 5, 3, 4), u, 5), [1.5, 1.5, 6, 6, 6]);
    close(pull('sweep', Float64Array.of(2, 1, 5, 3, 4), u, 5), [0, 3, 18, 0, 0]);
  });

  it('gives the values of the operators on the host, for any rows', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), rowsOf(7), (operator, { v }) => {
        const rows = { data: v, rows: 3, columns: 7 };
        close(monotoneTensor(tensor(v, [3, 7]), operator).dataSync(), host[operator](rows).data);
      }),
      { numRuns: 60 },
    );
  });

  it('pulls gradients back as the sort and the pooling on the host do', () => {
    fc.assert(
      fc.property(rowsOf(6), ({ v, u }) => {
        const block = (data: Float64Array) => ({ data, rows: 3, columns: 6 });
        close(pull('sort', v, u, 6), sortQuantilesVjp(block(v), block(u)).data);
        const pooled = [0, 1, 2].flatMap((i) => [
          ...pavaVjp(v.subarray(6 * i, 6 * i + 6), u.subarray(6 * i, 6 * i + 6)),
        ]);
        close(pull('isotonic', v, u, 6), pooled);
      }),
      { numRuns: 12 },
    );
  });

  it('has the slope of the soft sort that differences on the host show', () => {
    const v = Float64Array.of(30, -4, 0.5, 2);
    const u = Float64Array.of(1, -2, 3, 0.5);
    const value = (at: Float64Array) =>
      softSortQuantiles([at]).data.reduce((total, q, k) => total + q * u[k]!, 0);
    const slopes = Array.from(v, (_, k) => {
      const moved = (by: number) => value(v.map((cell, j) => (j === k ? cell + by : cell)));
      return (moved(1e-4) - moved(-1e-4)) / 2e-4;
    });
    close(pull('softSort', v, u, 4), slopes, 4);
  });

  it('refuses unknown operators, other ranks and a strength of 0', () => {
    expect(() => monotoneTensor(tensor([[1]]), 'median' as 'sort')).toThrow('monotone is "median"');
    expect(() => monotoneTensor(tensor([1]), 'sort')).toThrow('predictions is [1], expected [n, m]');
    expect(() => monotoneTensor(tensor([[1]]), 'softSort', { strength: 0 })).toThrow('strength is 0');
  });
});

describe('crossingPenaltyTensor', () => {
  it('has the value and the gradient of the penalty on the host', () => {
    const levels = [0.1, 0.4, 0.5, 0.9];
    const margin = { kind: 'single', delta: 0.25 } as const;
    const margins = crossingMargins(levels, margin);
    const rows = [
      [1, 0.5, 2, 3],
      [0, 4, 3, 1],
    ];
    const { value, gradient } = crossingPenalty({ predictions: rows, levels, margin });
    const at = tensor(rows.flat(), [2, 4]);
    expect(crossingPenaltyTensor(at, margins).item()).toBeCloseTo(value, 6);
    const slope = grad((q: Tensor) => crossingPenaltyTensor(q, margins))(at) as Tensor;
    close(slope.dataSync(), gradient.data, 6);
  });

  it('is 0 for one level and refuses margins of another size', () => {
    expect(crossingPenaltyTensor(tensor([[1], [2]])).item()).toBe(0);
    expect(() => crossingPenaltyTensor(tensor([[1, 2]]), [0])).toThrow('margins has 1 values, expected 4');
  });
});
