import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/index.js';
import {
  grad,
  jit,
  jvp,
  key,
  matmul,
  mul,
  normal,
  relu,
  sin,
  sqrt,
  square,
  sub,
  sum,
  tensor,
  transpose,
  vmap,
  where,
  less,
  div,
  jit as compile,
} from '../../src/index.js';

const values = (t: Tensor): number[] => [...t.dataSync()];

describe('vmap', () => {
  it('maps a dot product over rows', () => {
    const f = vmap((x: Tensor, y: Tensor) => sum(mul(x, y)));
    expect(
      values(
        f(
          tensor([
            [1, 2],
            [3, 4],
          ]),
          tensor([
            [5, 6],
            [7, 8],
          ]),
        ),
      ),
    ).toEqual([17, 53]);
  });

  it('shares arguments whose axis is null, and takes examples from other axes', () => {
    const f = vmap((w: Tensor, x: Tensor) => matmul(w, x), { inAxes: [null, 1] });
    const w = tensor([
      [1, 2],
      [3, 4],
    ]);
    const out = f(
      w,
      tensor([
        [1, 0, 1],
        [0, 1, 1],
      ]),
    );
    expect(out.shape).toEqual([3, 2]);
    expect(values(out)).toEqual([1, 3, 2, 4, 3, 7]);
  });

  it('takes inAxes as a tree prefix', () => {
    const f = vmap(
      (p: { w: Tensor; b: Tensor }, x: Tensor) => sum(mul(p.w, x)).dtype && sub(mul(p.b, sum(x)), sum(p.w)),
      {
        inAxes: [{ w: null, b: 0 }, 0],
      },
    );
    const out = f(
      { w: tensor([1, 1]), b: tensor([10, 20]) },
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    expect(values(out)).toEqual([28, 138]);
  });

  it('gives per-example gradients that add up to the batch gradient', () => {
    const w = normal(key(1), [4, 8]);
    const x = normal(key(2), [5, 8]);
    const loss = (m: Tensor, v: Tensor): Tensor => sum(square(relu(matmul(m, v))));
    const each = vmap(grad(loss), { inAxes: [null, 0] })(w, x);
    expect(each.shape).toEqual([5, 4, 8]);
    const batch = grad((m: Tensor) => sum(square(relu(matmul(x, transpose(m))))))(w);
    const total = values(sum(each, { axis: 0 }));
    values(batch).forEach((v, i) => expect(total[i]).toBeCloseTo(v, 3));
  });

  it('gives the same in chunks, and folds chunks with reduce', () => {
    const x = normal(key(2), [10, 6]);
    const f = (v: Tensor): Tensor => mul(v, sum(v));
    const whole = values(vmap(f)(x));
    expect(values(vmap(f, { chunkSize: 3 })(x))).toEqual(whole);
    const clip = (g: unknown): unknown => {
      const t = g as Tensor;
      const length = sqrt(sum(square(t), { axis: 1, keepDims: true }));
      return sum(where(less(length, 1), t, div(t, length)), { axis: 0 });
    };
    const folded = values(vmap(f, { chunkSize: 4, reduce: clip })(x));
    const once = values(vmap(f, { reduce: clip })(x));
    folded.forEach((v, i) => expect(v).toBeCloseTo(once[i], 5));
  });

  it('nests with itself and with jit', () => {
    const outer = vmap((x: Tensor) => vmap((y: Tensor) => mul(x, y))(tensor([1, 2, 3])));
    expect(values(outer(tensor([1, 10])))).toEqual([1, 2, 3, 10, 20, 30]);
    const compiled = jit(vmap((x: Tensor) => sum(sin(x))));
    expect(
      values(
        compiled(
          tensor([
            [0, 1],
            [2, 3],
          ]),
        ),
      ),
    ).toEqual(
      values(
        vmap((x: Tensor) => sum(sin(x)))(
          tensor([
            [0, 1],
            [2, 3],
          ]),
        ),
      ),
    );
  });

  it('broadcasts a result that does not depend on the example', () => {
    expect(values(vmap((_: Tensor) => tensor([1, 2]))(tensor([0, 0])))).toEqual([1, 2, 1, 2]);
  });

  it('refuses arguments with different numbers of examples', () => {
    expect(() => vmap((a: Tensor, b: Tensor) => mul(a, b))(tensor([1, 2]), tensor([1, 2, 3]))).toThrow(
      'vmap: expected one number of examples in all mapped arguments, received 2 and 3',
    );
  });

  it('refuses to map over nothing', () => {
    expect(() => vmap((a: Tensor) => a, { inAxes: [null] })(tensor([1]))).toThrow(/no mapped argument/);
  });
});

describe('jvp', () => {
  it('gives value and directional derivative', () => {
    const [y, dy] = jvp((x: Tensor) => sum(mul(x, x)), [tensor([1, 2])], [tensor([10, 1])]);
    expect([y.item(), dy.item()]).toEqual([5, 24]);
  });

  it('nests over grad: a Hessian-vector product', () => {
    const f = (x: Tensor): Tensor => sum(mul(mul(x, x), x));
    const [, hv] = jvp(grad(f), [tensor([1, 2])], [tensor([1, 1])]);
    expect(values(hv)).toEqual([6, 12]);
  });

  it('works inside a compiled function', () => {
    const f = compile((x: Tensor, v: Tensor) => jvp((y: Tensor) => sin(y), [x], [v])[1]);
    expect(f(tensor(0), tensor(2)).item()).toBe(2);
  });

  it('refuses a tangent of another shape', () => {
    expect(() => jvp((x: Tensor) => x, [tensor([1, 2])], [tensor([1])])).toThrow(/tangent of shape \[2\]/);
  });
});
