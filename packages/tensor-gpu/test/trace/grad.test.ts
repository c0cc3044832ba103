import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/index.js';
import {
  add,
  grad,
  jvp,
  logSoftmax,
  matmul,
  memory,
  mul,
  softmax,
  square,
  sum,
  tanh,
  tensor,
  valueAndGrad,
  vjp,
} from '../../src/index.js';

describe('grad', () => {
  it('gives 2x for the sum of squares', () => {
    const g = grad((x: Tensor) => sum(mul(x, x)))(tensor([1, -2, 3]));
    expect([...g.dataSync()]).toEqual([2, -4, 6]);
  });

  it('takes trees and gives null for leaves that are not floats', () => {
    const params = { w: tensor([2, 3]), steps: tensor(new Int32Array([7])), nested: [tensor(4)] };
    const g = grad((p: typeof params) => mul(sum(p.w), p.nested[0]))(params);
    expect([...g.w.dataSync()]).toEqual([4, 4]);
    expect(g.steps).toBeNull();
    expect(g.nested[0].item()).toBe(5);
  });

  it('gives zeros for a leaf the loss does not depend on', () => {
    const g = grad((p: { a: Tensor; b: Tensor }) => sum(p.a))({ a: tensor([1, 2]), b: tensor([[3]]) });
    expect([...g.b.dataSync()]).toEqual([0]);
    expect(g.b.shape).toEqual([1, 1]);
  });

  it('differentiates the arguments that argnums names', () => {
    const f = (x: Tensor, y: Tensor): Tensor => sum(mul(x, y));
    const [gy, gx] = grad(f, { argnums: [1, 0] })(tensor([1, 2]), tensor([5, 6])) as Tensor[];
    expect([...gy.dataSync()]).toEqual([1, 2]);
    expect([...gx.dataSync()]).toEqual([5, 6]);
  });

  it.each(['softmax', 'logSoftmax'] as const)('differentiates %s twice', (name) => {
    const of = { softmax, logSoftmax }[name];
    const weights = tensor([0.3, -1.2, 2]);
    const value = (x: Tensor): Tensor => sum(mul(square(of(x)), weights));
    const at = [0.2, -0.7, 1.1];
    const along = tensor([1, 0.5, -2]);
    // The derivative of the gradient along a direction: forward over reverse, and reverse over reverse.
    const [, forward] = jvp(grad(value), [tensor(at)], [along]);
    const reverse = grad((x: Tensor) => sum(mul(grad(value)(x), along)))(tensor(at));
    const exact = (x: readonly number[]): number => {
      const total = x.reduce((s, v) => s + Math.exp(v), 0);
      const y = x.map((v) => (name === 'softmax' ? Math.exp(v) / total : v - Math.log(total)));
      return y.reduce((s, v, i) => s + v * v * [0.3, -1.2, 2][i], 0);
    };
    const h = 1e-3;
    const shift = (i: number, j: number, a: number, b: number): number[] =>
      at.map((v, k) => v + (k === i ? a : 0) + (k === j ? b : 0));
    const hessian = (i: number, j: number): number =>
      (exact(shift(i, j, h, h)) -
        exact(shift(i, j, h, -h)) -
        exact(shift(i, j, -h, h)) +
        exact(shift(i, j, -h, -h))) /
      (4 * h * h);
    [0, 1, 2].forEach((i) => {
      const want = [1, 0.5, -2].reduce((s, d, j) => s + d * hessian(i, j), 0);
      expect((forward as Tensor).dataSync()[i]).toBeCloseTo(want, 4);
      expect(reverse.dataSync()[i]).toBeCloseTo(want, 4);
    });
  });

  it('passes extra results through with hasAux', () => {
    const f = (x: Tensor): [Tensor, { twice: Tensor }] => [sum(x), { twice: mul(x, 2) }];
    const [[loss, extra], g] = valueAndGrad(f, { hasAux: true })(tensor([1, 2]));
    expect(loss.item()).toBe(3);
    expect([...extra.twice.dataSync()]).toEqual([2, 4]);
    expect([...g.dataSync()]).toEqual([1, 1]);
  });

  it('follows control flow on values', () => {
    const f = (x: Tensor): Tensor => (x.item() > 0 ? mul(x, 3) : mul(x, -5));
    expect(grad(f)(tensor(2)).item()).toBe(3);
    expect(grad(f)(tensor(-2)).item()).toBe(-5);
  });

  it('nests: the second derivative of x³ is 6x', () => {
    const cube = (x: Tensor): Tensor => mul(mul(x, x), x);
    const second = grad((x: Tensor) => grad(cube)(x));
    expect(second(tensor(2)).item()).toBe(12);
  });

  it('keeps inner and outer variables apart', () => {
    // d/dx [x · d/dy (x·y)] = d/dx [x · x] = 2x
    const outer = grad((x: Tensor) => mul(x, grad((y: Tensor) => mul(x, y))(tensor(5))));
    expect(outer(tensor(3)).item()).toBe(6);
  });

  it('refuses a loss that is not a scalar, with its shape', () => {
    expect(() => grad((x: Tensor) => mul(x, x) as Tensor)(tensor([1, 2]))).toThrow(
      'grad: expected a function returning a scalar loss, received shape [2]; reduce it with sum() or mean(), or use vjp()',
    );
  });

  it('refuses argnums that are not there', () => {
    expect(() => grad((x: Tensor) => sum(x), { argnums: 1 })(tensor([1]))).toThrow('argnums from 0 to 0');
  });

  it('refuses a tensor that escaped its transform', () => {
    let escaped: Tensor | null = null;
    grad((x: Tensor) => {
      escaped = mul(x, 2);
      return sum(escaped);
    })(tensor([1]));
    expect(() => add(escaped!, 1)).toThrow(/escaped/);
  });

  it('frees what the function made on the way', () => {
    const x = tensor(new Float32Array(4096).fill(0.5));
    const f = (y: Tensor): Tensor => sum(tanh(mul(y, tanh(y))));
    grad(f)(x).dispose();
    const before = memory().buffers;
    for (let i = 0; i < 20; i++) grad(f)(x).dispose();
    expect(memory().buffers).toBe(before);
  });
});

describe('vjp', () => {
  it('pulls a cotangent of a matrix product back to both factors', () => {
    const [a, b] = [tensor([[1, 2]]), tensor([[3], [4]])];
    const [value, pull] = vjp((x: Tensor, y: Tensor) => matmul(x, y), a, b);
    expect([...value.dataSync()]).toEqual([11]);
    const [ga, gb] = pull(tensor([[10]])) as Tensor[];
    expect([...ga.dataSync()]).toEqual([30, 40]);
    expect([...gb.dataSync()]).toEqual([10, 20]);
  });

  it('refuses a cotangent of another structure', () => {
    const [, pull] = vjp((x: Tensor) => ({ y: x }), tensor([1]));
    expect(() => pull([tensor([1])] as never)).toThrow(/structure of the result/);
  });
});
