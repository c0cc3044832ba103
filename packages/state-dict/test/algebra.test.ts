import { grad, tensor } from '@weightloom/tensor-gpu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  add,
  applyMask,
  cosine,
  dot,
  electSign,
  mapTensors,
  norm,
  scale,
  stateDict,
  type StateDict,
  subtract,
  weightedSum,
  zipTensors,
} from '../src/index.js';
import { dict, numbers, values } from './helpers.js';

const a = dict({ w: [1, 2], b: [3] });
const b = dict({ w: [10, 20], b: [-30] });
const withSteps = (params: StateDict, steps: number) =>
  stateDict({ ...params, steps: tensor(Int32Array.of(steps)) });

describe('the algebra of state dicts', () => {
  it('adds and subtracts tensor by tensor', async () => {
    expect(await values(add(a, b))).toEqual({ w: [11, 22], b: [-27] });
    expect(await values(subtract(b, a))).toEqual({ w: [9, 18], b: [-33] });
  });

  it('scales', async () => {
    expect(await values(scale(a, -2))).toEqual({ w: [-2, -4], b: [-6] });
  });

  it('sums with weights', async () => {
    expect(await values(weightedSum([a, b], [2, 0.5]))).toEqual({ w: [7, 14], b: [-9] });
    expect(() => weightedSum([a, b], [1])).toThrow('weightedSum: expected 2 weights, received 1');
    expect(() => weightedSum([], [])).toThrow('weightedSum: expected at least one state dict, received none');
  });

  it('measures over all tensors together', async () => {
    expect(dot(a, b).item()).toBe(10 + 40 - 90);
    expect(norm(dict({ w: [3, 0], b: [4] })).item()).toBe(5);
    expect(cosine(a, scale(a, 7)).item()).toBeCloseTo(1, 6);
    expect(cosine(a, scale(a, -7)).item()).toBeCloseTo(-1, 6);
  });

  it('takes the cosine with zeros as 0, and the norm of nothing as 0', () => {
    expect(cosine(a, scale(a, 0)).item()).toBe(0);
    expect(norm(dict({})).item()).toBe(0);
  });

  it('takes whole numbers from the first input and leaves them out of norms', async () => {
    const [x, y] = [withSteps(a, 5), withSteps(b, 9)];
    for (const result of [add(x, y), subtract(x, y), scale(x, 3), weightedSum([x, y], [1, 1])]) {
      expect(result.steps!.dtype).toBe('int32');
      expect(await numbers(result.steps!)).toEqual([5]);
    }
    expect(dot(x, y).item()).toBe(dot(a, b).item());
  });

  it('elects signs by mass or by count', async () => {
    const deltas = [dict({ w: [5, -1, 0] }), dict({ w: [-1, -1, 0] }), dict({ w: [-2, 3, 0] })];
    expect(await values(electSign(deltas))).toEqual({ w: [1, 1, 1] });
    expect(await values(electSign(deltas, { vote: 'count' }))).toEqual({ w: [-1, -1, 1] });
  });

  it('applies masks', async () => {
    expect(await values(applyMask(a, dict({ w: [true, false], b: [false] })))).toEqual({ w: [1, 0], b: [0] });
  });

  it('maps and zips with names', async () => {
    const seen: string[] = [];
    mapTensors(a, (t, name) => {
      seen.push(name);
      return t;
    });
    expect(seen.sort()).toEqual(['b', 'w']);
    const second = zipTensors([a, b], ([, y]) => y!);
    expect(await values(second)).toEqual(await values(b));
  });

  it('refuses other shapes and names, saying which', () => {
    expect(() => add(a, dict({ w: [1], b: [1] }))).toThrow(
      'add: input 1 "w": expected shape [2] as in input 0, received [1]',
    );
    expect(() => subtract(a, dict({ w: [1, 2] }))).toThrow(
      'subtract: input 1: expected the tensors of input 0',
    );
    expect(() => dot(a, dict({ w: [1, 2] }))).toThrow('dot: b: expected the tensors of a');
  });

  it('can be differentiated, also with respect to the weights of a sum', async () => {
    const slope = grad((weights: { x: ReturnType<typeof tensor> }) =>
      dot(weightedSum([a, b], [weights.x, 1]), a),
    );
    // d/dx <x a + b, a> = <a, a>.
    expect((slope({ x: tensor(3) }) as { x: ReturnType<typeof tensor> }).x.item()).toBe(14);
  });

  it('obeys the laws of a vector space', () => {
    const list = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 8 });
    const pair = list.chain((w) =>
      fc.tuple(
        fc.constant(w),
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: w.length, maxLength: w.length }),
      ),
    );
    fc.assert(
      fc.property(pair, fc.integer({ min: 1, max: 8 }), ([v, w], factor) => {
        const [x, y] = [dict({ v }), dict({ v: w })];
        // Small whole numbers: float32 is exact.
        const left = scale(add(x, y), factor).v!.dataSync();
        expect(left).toEqual(add(scale(x, factor), scale(y, factor)).v!.dataSync());
        expect(subtract(add(x, y), y).v!.dataSync()).toEqual(x.v!.dataSync());
        expect(dot(x, y).item()).toBe(dot(y, x).item());
      }),
      { numRuns: 30, seed: 3 },
    );
  });
});
