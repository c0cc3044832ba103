import { beforeAll, describe, expect, it } from 'vitest';
import { loadGpu } from '../../src/gpujs/gpu-module.js';
import { KernelRunner } from '../../src/gpujs/kernel-runner.js';
import { functionNames, functionsOf } from '../../src/gpujs/plan/functions.js';
import { numberText } from '../../src/gpujs/plan/text.js';
import { erf, roundHalfEven } from '../conformance/reference/special.js';

const runners = new Map<string, KernelRunner>();
beforeAll(async () => {
  const gpu = await loadGpu();
  for (const mode of ['webasm', 'cpu'] as const) runners.set(mode, new KernelRunner(gpu, mode));
});

const grid = (low: number, high: number, n = 2000): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => low + ((high - low) * i) / (n - 1));
const apply = (mode: string, expression: string, ...args: Float32Array[]): Float32Array => {
  const names = args.map((_, i) => `a${i}`);
  const loads = names.map((a, i) => `const x${i} = ${a}[this.thread.x];`).join(' ');
  return runners
    .get(mode)!
    .run(`function(${names.join()}) { ${loads} return ${expression}; }`, args[0].length, args);
};

/** Largest error over a grid, as a part of `max(|f|, floor)`. */
function worst(got: Float32Array, xs: Float32Array, f: (x: number) => number, floor = 1e-30): number {
  return got.reduce((w, v, i) => {
    const want = f(xs[i]);
    return Math.max(w, Math.abs(v - want) / Math.max(Math.abs(want), floor));
  }, 0);
}

/** Function, formula, grid, and the magnitude below which errors count absolutely. */
const accuracy: readonly (readonly [string, (x: number) => number, number, number, number?])[] = [
  ['wlExp', Math.exp, -87, 88],
  ['wlExpm1', Math.expm1, -3, 3],
  ['wlLog', Math.log, 1e-3, 1e3, 1e-2],
  ['wlLog1p', Math.log1p, -0.9, 20],
  ['wlTanh', Math.tanh, -9, 9],
  ['wlSigmoid', (x) => 1 / (1 + Math.exp(-x)), -20, 20],
  ['wlErf', erf, -4, 4],
  ['wlSin', Math.sin, -20, 20, 1],
  ['wlCos', Math.cos, -20, 20, 1],
  ['wlSin', Math.sin, 1e5, 1.6e7, 1],
  ['wlCos', Math.cos, -1.6e7, -1e5, 1],
  ['wlSin', Math.sin, -0.7, 0.7],
];

describe.each(['webasm', 'cpu'])('kernel functions in mode %s', (mode) => {
  for (const [name, f, low, high, floor] of accuracy) {
    it(`${name} agrees with float64 to 1e-6 from ${low} to ${high}`, () => {
      const xs = grid(low, high);
      expect(worst(apply(mode, `${name}(x0)`, xs), xs, f, floor)).toBeLessThan(1e-6);
    });
  }

  it('wlRound takes halves to even', () => {
    const xs = Float32Array.from([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.49, -3.51, 1e9, Infinity]);
    expect([...apply(mode, 'wlRound(x0)', xs)].map((v) => v + 0)).toEqual(
      [...xs].map((x) => roundHalfEven(x) + 0),
    );
  });

  it('wlQuotient divides whole numbers exactly', () => {
    const xs = Float32Array.from({ length: 4000 }, (_, i) => (i * 4194301) % 2 ** 24);
    for (const d of [1, 3, 7, 10, 4096, 49999]) {
      expect([...apply(mode, `wlQuotient(x0, ${d})`, xs)]).toEqual([...xs].map((x) => Math.floor(x / d)));
    }
  });

  it('wlPow follows NumPy at the corners', () => {
    const corners = [
      [-2, 3, -8],
      [-2, 2, 4],
      [-2, 0.5, NaN],
      [0, 0, 1],
      [0, -1, Infinity],
      [NaN, 0, 1],
      [NaN, 1, NaN],
      [2, NaN, NaN],
      [Infinity, -1, 0],
      [-Infinity, 3, -Infinity],
      [0.5, Infinity, 0],
      [-1, Infinity, 1],
    ];
    const [x, y, want] = [0, 1, 2].map((k) => Float32Array.from(corners, (c) => c[k]));
    expect(apply(mode, 'wlPow(x0, x1)', x, y)).toEqual(want);
  });

  it('orders NaN behind all numbers', () => {
    const [x, y] = [Float32Array.from([NaN, 1, NaN, 1, 2, 0]), Float32Array.from([1, NaN, NaN, 2, 1, -0])];
    expect([...apply(mode, 'wlOrder(x0, x1)', x, y)]).toEqual([-1, 1, 0, 1, -1, 0]);
  });

  it.each([
    0,
    -0,
    1,
    -3,
    0.1,
    1e-30,
    16777217,
    2 ** 31,
    3.4028234663852886e38,
    -1e30,
    Infinity,
    -Infinity,
    NaN,
  ])('takes the literal %s as the float32 it is', (value) => {
    const [got] = apply(mode, `${numberText(value)} + x0 * 0`, Float32Array.of(1));
    expect(got + 0).toBe(Math.fround(value) + 0);
  });
});

/** Functions another one calls. */
const callsOf = (name: string): string[] =>
  functionsOf(`function() { return ${name}(0); }`)
    .map((f) => f.name)
    .filter((other) => other !== name);

describe('functionsOf', () => {
  it('lets no function call a function that calls others: gpu.js would write them in the wrong order for GLSL', () => {
    const called = functionNames.flatMap((name) => callsOf(name));
    expect(called.filter((name) => callsOf(name).length > 0)).toEqual([]);
  });

  it('names callees before callers, once, with the types gpu.js wants', () => {
    const found = functionsOf('function(a0) { return wlErf(a0[0]) + wlExp(wlErf(2)); }');
    expect(found.map((f) => f.name)).toEqual(['wlExp', 'wlErf']);
    expect(functionsOf('function(a0) { return wlPow(a0[0], 2); }').at(-1)!.settings).toEqual({
      argumentTypes: ['Number', 'Number'],
      returnType: 'Number',
    });
  });
});
