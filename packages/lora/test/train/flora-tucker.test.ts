import { describe, expect, it } from 'vitest';
import { conv, linear, type StateDict } from '@weightloom/nn';
import { add, einsum, grad, key, normal, sum, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { adaptFloraTucker, fitTucker, initFloraTucker, tuckerProduct } from '../../src/index.js';
import { matrix } from '../../src/internal/multiply.js';
import { thinSvd } from '../../src/internal/singular.js';

const model = {
  apply: (p: StateDict, x: Tensor, ctx = {}) => conv(p, 'conv', x, { stride: 2, padding: 1 }, ctx),
};
const params = { 'conv.weight': normal(key(1), [6, 4, 3, 3]), 'conv.bias': normal(key(2), [6]) };
const x = normal(key(3), [2, 4, 6, 6]);
const apart = (a: Tensor, b: Tensor) =>
  Math.max(...[...a.dataSync()].map((value, i) => Math.abs(value - b.dataSync()[i]!)));

describe('adaptFloraTucker', () => {
  it('changes nothing at first, then convolves with W + scale · G ×₁U¹ ×₂U² …', () => {
    const own = initFloraTucker(params, { targetModules: ['conv'], ranks: [3, 2, 2, 2], key: key(0) });
    expect(
      Object.fromEntries(Object.entries(own).map(([name, { shape }]) => [name, shape.join('×')])),
    ).toEqual({
      'conv.flora_core': '3×2×2×2',
      'conv.flora_factor_0': '6×3',
      'conv.flora_factor_1': '4×2',
      'conv.flora_factor_2': '3×2',
      'conv.flora_factor_3': '3×2',
    });
    const adapted = adaptFloraTucker(model, { scale: 0.5 });
    expect(apart(adapted.apply({ ...params, ...own }, x), model.apply(params, x))).toBe(0);
    const trained = { ...own, 'conv.flora_core': normal(key(4), [3, 2, 2, 2]) };
    const factors = [0, 1, 2, 3].map((mode) => own[`conv.flora_factor_${mode}`]!);
    const patterns = ['abcd,ia->ibcd', 'ibcd,jb->ijcd', 'ijcd,kc->ijkd', 'ijkd,ld->ijkl'];
    const delta = factors.reduce(
      (t, factor, mode) => einsum(patterns[mode]!, t, factor),
      trained['conv.flora_core'] as Tensor,
    );
    expect(apart(tuckerProduct(trained['conv.flora_core'], factors), delta)).toBeLessThan(1e-5);
    const moved = {
      ...params,
      'conv.weight': add(
        params['conv.weight'],
        tensor(delta.dataSync().map((v) => v / 2) as Float32Array, delta.shape),
      ),
    };
    expect(apart(adapted.apply({ ...params, ...trained }, x), model.apply(moved, x))).toBeLessThan(1e-4);
    const slopes = grad((p: StateDict) => sum(adapted.apply(p, x)))({ ...params, ...trained }) as StateDict;
    for (const name of Object.keys(own)) {
      expect(adapted.trainable(name)).toBe(true);
      expect(Math.max(...[...slopes[name]!.dataSync()].map(Math.abs))).toBeGreaterThan(0);
    }
    expect(adapted.trainable('conv.weight')).toBe(false);
  });

  it('does linear layers as two modes, with a full core between', () => {
    const one = { apply: (p: StateDict, input: Tensor, ctx = {}) => linear(p, 'q', input, ctx) };
    const own = {
      'q.weight': tensor(new Float32Array(4), [2, 2]),
      'q.flora_core': tensor([[2]]),
      'q.flora_factor_0': tensor([[1], [3]]),
      'q.flora_factor_1': tensor([[1], [1]]),
    };
    expect([
      ...adaptFloraTucker(one)
        .apply(own, tensor([[1, 2]]))
        .dataSync(),
    ]).toEqual([6, 18]);
  });

  it('draws factors with variance 1 / (2 rₖ)', () => {
    const wide = { 'conv.weight': normal(key(1), [500, 500, 3, 3]) };
    const own = initFloraTucker(wide, { targetModules: ['conv'], ranks: [8, 2, 1, 1], key: key(0) });
    const variance = (name: string) =>
      (own[name]!.dataSync() as Float32Array).reduce((sum, x) => sum + x * x, 0) / own[name]!.size;
    // 4000 and 1000 numbers: within 5 standard errors of the variance.
    expect(Math.abs(variance('conv.flora_factor_0') / (1 / 16) - 1)).toBeLessThan(5 * Math.sqrt(2 / 4000));
    expect(Math.abs(variance('conv.flora_factor_1') / (1 / 4) - 1)).toBeLessThan(5 * Math.sqrt(2 / 1000));
  });

  it('takes one number of ranks for all modes, cut to their sizes', () => {
    const own = initFloraTucker(params, { targetModules: ['conv'], ranks: 4, key: key(0) });
    expect(own['conv.flora_core']!.shape).toEqual([4, 4, 3, 3]);
  });

  it('refuses another number of ranks than of modes, and ranks above a mode', () => {
    const start = (ranks: number | number[]) =>
      initFloraTucker(params, { targetModules: ['conv'], ranks, key: key(0) });
    expect(() => start([2, 2])).toThrow(
      '"conv": expected 4 ranks for a weight [6, 4, 3, 3], received [2, 2]',
    );
    expect(() => start([7, 2, 2, 2])).toThrow('expected rank 0 from 1 to 6, received 7');
    expect(() => start(0)).toThrow('received 0');
  });
});

describe('fitTucker', () => {
  it('finds a Tucker structure exactly, where matrices of as many numbers cannot', () => {
    // 32 × 16 × 3 × 3 with a core of 4 × 4 × 2 × 2: 64 + 128 + 64 + 6 + 6 numbers.
    const factors = [
      [32, 4],
      [16, 4],
      [3, 2],
      [3, 2],
    ].map(([d, r], i) => normal(key(20 + i), [d!, r!]));
    const delta = tuckerProduct(normal(key(30), [4, 4, 2, 2]), factors);
    expect(fitTucker(delta, [4, 4, 2, 2]).error).toBeLessThan(1e-5);
    const { s } = thinSvd(matrix(delta.dataSync() as Float32Array, 32, 144));
    const total = Math.hypot(...s);
    expect(Math.hypot(...s.subarray(1)) / total).toBeGreaterThan(0.6);
    expect(Math.hypot(...s.subarray(2)) / total).toBeGreaterThan(0.4);
  });

  it('of a matrix is its truncated singular value decomposition', () => {
    const m = normal(key(5), [6, 5]);
    const { s } = thinSvd(matrix(m.dataSync() as Float32Array, 6, 5));
    const best = Math.hypot(...s.subarray(2)) / Math.hypot(...s);
    expect(fitTucker(m, [2, 2]).error).toBeCloseTo(best, 5);
    expect(fitTucker(m, [6, 5]).error).toBeLessThan(1e-5);
    expect(() => fitTucker(m, [7, 2])).toThrow('expected rank 0 from 1 to 6');
  });
});
