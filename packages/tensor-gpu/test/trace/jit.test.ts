import { describe, expect, it } from 'vitest';
import type { Tensor } from '../../src/index.js';
import {
  add,
  concat,
  copy,
  DisposedError,
  exp,
  foldIn,
  grad,
  jit,
  type Key,
  key,
  matmul,
  mean,
  memory,
  mul,
  normal,
  relu,
  sub,
  sum,
  tensor,
  TraceError,
  transpose,
  tidy,
  uniform,
  valueAndGrad,
} from '../../src/index.js';

const values = (t: Tensor): number[] => [...t.dataSync()];

describe('jit', () => {
  it('gives what the plain function gives', () => {
    const f = (x: Tensor): Tensor => sum(exp(mul(x, 0.5)), { axis: 1 });
    const x = uniform(key(1), [7, 33]);
    expect(values(jit(f)(x))).toEqual(values(f(x)));
  });

  it('traces once per set of shapes', () => {
    let traced = 0;
    const f = jit((x: Tensor) => {
      traced++;
      return add(x, 1);
    });
    f(tensor([1, 2]));
    f(tensor([3, 4]));
    expect(traced).toBe(1);
    f(tensor([1, 2, 3]));
    expect(traced).toBe(2);
    expect(f.cacheSize()).toBe(2);
  });

  it('does not compile again for another number or key', () => {
    let traced = 0;
    const f = jit((x: Tensor, rate: number | Tensor, k: Key) => {
      traced++;
      return add(mul(x, rate), normal(foldIn(k, 'noise'), [2]));
    });
    const a = values(f(tensor([1, 2]), 0.5, key(1)));
    const b = values(f(tensor([1, 2]), 0.25, key(2)));
    expect(traced).toBe(1);
    expect(a).not.toEqual(b);
    const plain = add(mul(tensor([1, 2]), 0.25), normal(foldIn(key(2), 'noise'), [2]));
    expect(b).toEqual(values(plain));
  });

  it('compiles again for another static value', () => {
    const f = jit(
      (x: Tensor, times: number) => {
        let y = x;
        for (let i = 0; i < times; i++) y = mul(y, 2);
        return y;
      },
      { static: [1] },
    );
    expect(f(tensor(1), 3).item()).toBe(8);
    expect(f(tensor(1), 5).item()).toBe(32);
    expect(f.cacheSize()).toBe(2);
  });

  it('keeps infinities, NaN and -0 apart among static values', () => {
    const f = jit((x: Tensor, low: number) => add(x, low), { static: [1] });
    const results = [-Infinity, Infinity, NaN, -0, 0].map((low) => f(tensor(-0), low).item());
    expect(results).toEqual([-Infinity, Infinity, NaN, -0, 0]);
    expect(f.cacheSize()).toBe(5);
  });

  it('treats strings and booleans inside arguments as part of the program', () => {
    const f = jit((x: Tensor, o: { mode: string }) => (o.mode === 'up' ? add(x, 1) : sub(x, 1)));
    expect(f(tensor(1), { mode: 'up' }).item()).toBe(2);
    expect(f(tensor(1), { mode: 'down' }).item()).toBe(0);
  });

  it('refuses host reads inside, with the cure', () => {
    const f = jit((x: Tensor) => mul(x, x.item()));
    expect(() => f(tensor(2))).toThrow(TraceError);
    expect(() => f(tensor(2))).toThrow(/inside jit, which has no values yet; return it from the function/);
  });

  it('keeps a closed-over tensor alive after the caller disposed it', () => {
    const w = tensor(new Float32Array(100).fill(2));
    const f = jit((x: Tensor) => sum(mul(x, w)));
    const x = tensor(new Float32Array(100).fill(1));
    expect(f(x).item()).toBe(200);
    w.dispose();
    expect(f(x).item()).toBe(200);
  });

  it('returns inputs, views of inputs and constants as tensors of their own', () => {
    const f = jit((x: Tensor) => ({ same: x, turned: transpose(x), one: tensor([1, 2, 3]), five: 5 }));
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const out = f(x);
    x.dispose();
    expect(values(out.same)).toEqual([1, 2, 3, 4]);
    expect(values(out.turned)).toEqual([1, 3, 2, 4]);
    expect(values(out.one)).toEqual([1, 2, 3]);
    expect((out.five as unknown as Tensor).item()).toBe(5);
  });

  it('fuses an elementwise chain into one step', () => {
    const f = jit((x: Tensor, y: Tensor) => mul(add(exp(x), y), sub(x, y)));
    const plan = f.explain(tensor([1, 2]), tensor([3, 4]));
    expect(plan.steps).toHaveLength(1);
    expect(plan.backend).toBe('wasm');
    expect(String(plan)).toContain('4 operations in 1 steps on wasm');
  });

  it('writes a value that is also an output in the same pass', () => {
    const f = jit((g: Tensor, m: Tensor, p: Tensor) => {
      const momentum = add(mul(m, 0.9), g);
      return [momentum, sub(p, mul(momentum, 0.1))];
    });
    const [g, m, p] = [tensor([1, 2, 3]), tensor([1, 1, 1]), tensor([0, 0, 0])];
    expect(f.explain(g, m, p).steps).toHaveLength(1);
    const [momentum, next] = f(g, m, p);
    expect(values(momentum)).toEqual([1.899999976158142, 2.9000000953674316, 3.9000000953674316]);
    expect(values(next).map((v) => Math.round(v * 1000))).toEqual([-190, -290, -390]);
  });

  it('differentiates through a compiled function', () => {
    const f = jit((x: Tensor) => sum(mul(x, exp(x))));
    const x = tensor([0, 1]);
    const g = grad((y: Tensor) => f(y))(x);
    expect(values(g)[0]).toBeCloseTo(1, 6);
    expect(values(g)[1]).toBeCloseTo(2 * Math.E, 5);
  });
});

describe('donation', () => {
  const big = (v: number): Tensor => tensor(new Float32Array(1000).fill(v));

  it('refuses later use of a donated tensor, naming the function', () => {
    const step = jit((x: Tensor) => add(x, 1), { donate: [0], name: 'step' });
    const x = copy(big(1));
    step(x);
    expect(() => x.dataSync()).toThrow(DisposedError);
    expect(() => add(x, 1)).toThrow('received one that was donated to step');
  });

  it('refuses one buffer donated twice', () => {
    const step = jit((x: Tensor, y: Tensor) => [add(x, y), sub(x, y)], { donate: [0, 1], name: 'step' });
    const x = copy(big(1));
    expect(() => step(x, x)).toThrow('step: expected every donated buffer once');
    expect(x.dataSync()[0]).toBe(1);
  });

  it('refuses a donated buffer that is also passed undonated', () => {
    const step = jit((x: Tensor, y: Tensor) => add(x, y), { donate: [0], name: 'step' });
    const x = copy(big(1));
    expect(() => step(x, x)).toThrow('step: expected a donated buffer in no other argument');
  });

  it('gives right results when the output takes over the input, also where a reduction reads it later', () => {
    const f = (x: Tensor): Tensor[] => {
      const y = add(x, 1);
      return [y, sum(mul(x, y)), transpose(y.shape.length === 2 ? y : y)];
    };
    const x = uniform(key(3), [40, 40]);
    const expected = f(x).map(values);
    const got = jit(f, { donate: [0] })(copy(x));
    expect(got.map(values)).toEqual(expected);
  });

  it('leaves the original alone when a copy is donated', () => {
    const base = big(1);
    const step = jit((x: Tensor) => mul(x, 2), { donate: [0] });
    let x = copy(base);
    for (let i = 0; i < 5; i++) x = step(x);
    expect(x.dataSync()[0]).toBe(32);
    expect(base.dataSync()[0]).toBe(1);
  });

  it('refuses a donated argument that is static too', () => {
    expect(() => jit((x: Tensor) => x, { donate: [0], static: [0] })).toThrow(
      /donated arguments to be traced/,
    );
  });
});

describe('memory', () => {
  it('stays constant over 10,000 synchronous training steps', () => {
    const params = { w: normal(key(1), [64, 32], 0, 0.1), b: normal(key(2), [64]) };
    const step = jit(
      (p: typeof params, x: Tensor, rate: number) => {
        const [loss, g] = valueAndGrad((q: typeof params) => mean(relu(add(matmul(x, transpose(q.w)), q.b))))(
          p,
        );
        return [{ w: sub(p.w, mul(g.w, rate)), b: sub(p.b, mul(g.b, rate)) }, loss] as const;
      },
      { donate: [0] },
    );
    let p = copy(params);
    const run = (steps: number): void => {
      for (let i = 0; i < steps; i++) {
        const [next] = step(p, tensor(new Float32Array(16 * 32).fill(i % 7), [16, 32]), 1e-4);
        p = next;
      }
    };
    run(100);
    const { used, reserved, peak, buffers } = memory();
    run(10_000);
    expect(memory()).toEqual({ used, reserved, peak, buffers });
  });

  it('tidy frees everything but what is returned', () => {
    const make = (): { y: Tensor } => {
      const x = uniform(key(1), [1000]);
      return { y: concat([mul(x, 2), add(x, 1)]) };
    };
    tidy(make).y.dispose();
    const before = memory().buffers;
    const kept = tidy(make);
    expect(memory().buffers).toBe(before + 1);
    expect(kept.y.dataSync()).toHaveLength(2000);
    kept.y.dispose();
    expect(memory().buffers).toBe(before);
  });

  it('tidy frees also when the function throws', () => {
    const before = memory().buffers;
    expect(() =>
      tidy(() => {
        uniform(key(1), [1000]);
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(memory().buffers).toBe(before);
  });

  it('tidy refuses an async function', () => {
    expect(() => tidy(async () => tensor(1))).toThrow(/synchronous/);
  });

  it('using disposes at the end of the block', () => {
    let seen: Tensor;
    {
      using x = uniform(key(1), [1000]);
      seen = x;
    }
    expect(() => seen.dataSync()).toThrow(DisposedError);
  });

  it('a view keeps the elements of a disposed tensor', () => {
    const x = uniform(key(1), [10, 100]);
    const turned = transpose(x);
    x.dispose();
    expect(turned.dataSync()).toHaveLength(1000);
    expect(() => x.dataSync()).toThrow(DisposedError);
  });
});
