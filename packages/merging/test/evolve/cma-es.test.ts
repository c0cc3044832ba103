import { readFileSync } from 'node:fs';
import { key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { cmaEs, type CmaEsState } from '../../src/index.js';
import { cmaEsConstants } from '../../src/evolve/internal/cma-es-constants.js';

const golden = JSON.parse(readFileSync(new URL('../golden/cma-es.json', import.meta.url), 'utf8')) as {
  runs: Record<
    string,
    {
      start: number[];
      population: number;
      sigma: number;
      generations: CmaEsState[];
      told: [points: number[][], values: number[]][];
    }
  >;
};

const functions: Record<string, (x: readonly number[]) => number> = {
  sphere: (x) => x.reduce((sum, v) => sum + v * v, 0),
  rosenbrock: (x) =>
    x.slice(1).reduce((sum, v, i) => sum + 100 * (v - x[i]! ** 2) ** 2 + (1 - x[i]!) ** 2, 0),
  ellipsoid: (x) => x.reduce((sum, v, i) => sum + 10 ** ((6 * i) / (x.length - 1)) * v * v, 0),
  'a rotated ellipse': ([a, b]) => (a! + b!) ** 2 + 1e4 * (a! - b! - 1) ** 2,
};

/** The best value after some generations, and the state then. */
function minimise(name: string, start: readonly number[], generations: number, seed = 0) {
  const search = cmaEs({ start, sigma: 0.5 });
  let [state, best] = [search.init(), Infinity];
  for (let i = 0; i < generations; i++) {
    const points = search.ask(state, key(seed));
    const values = points.map(functions[name]!);
    best = Math.min(best, ...values);
    state = search.tell(state, points, values);
  }
  return { best, state };
}

const flat = (state: CmaEsState): number[] => [
  ...state.mean,
  state.sigma,
  ...state.covariance.flat(),
  ...state.sigmaPath,
  ...state.covariancePath,
];

describe('cmaEs', () => {
  it.each(Object.keys(golden.runs))('learns from the same points what numpy learns, on the %s', (name) => {
    const { start, population, sigma, generations, told } = golden.runs[name]!;
    const search = cmaEs({ start, sigma, population });
    let state = search.init();
    const states = told.map(([points, values]) => (state = search.tell(state, points, values)));
    for (const [i, expected] of [states[0]!, states[1]!, states.at(-1)!].map((s, i) => [i, s] as const)) {
      const target = flat(generations[i]!);
      // Rounding of the eigenvectors builds up over the generations.
      flat(expected).forEach((value, k) =>
        expect(Math.abs(value - target[k]!)).toBeLessThan(1e-7 * (1 + Math.abs(target[k]!))),
      );
    }
    expect(state.generation).toBe(told.length);
  });

  it('has the constants of the tutorial for 10 coordinates', () => {
    // By hand from table 1: λ = 4 + ⌊3 ln 10⌋ = 10, μ = 5, μ_eff ≈ 3.17.
    const c = cmaEsConstants(10, 10);
    expect(cmaEs({ start: new Array<number>(10).fill(0), sigma: 1 }).population).toBe(10);
    expect(c.mu).toBe(5);
    expect(c.muEff).toBeCloseTo(3.167, 3);
    expect(c.weights.slice(0, 5).reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(c.cSigma).toBeCloseTo(5.167 / 18.167, 3);
    expect(c.c1).toBeCloseTo(2 / (11.3 ** 2 + 3.167), 5);
  });

  it.each([
    ['sphere', [3, -2, 1, 4, -5], 120],
    ['rosenbrock', [-1.2, 1, -0.5, 0.8], 250],
    ['ellipsoid', [1, 1, 1, 1, 1], 250],
    ['a rotated ellipse', [3, -3], 90],
  ] as const)('finds the minimum of the %s', (name, start, generations) => {
    for (const seed of [0, 1]) expect(minimise(name, start, generations, seed).best).toBeLessThan(1e-8);
  });

  it('finds the minimum of one coordinate', () => {
    expect(minimise('sphere', [5], 60).best).toBeLessThan(1e-8);
  });

  it('aligns C with the valley: the narrow direction has the small variance', () => {
    const { covariance } = minimise('a rotated ellipse', [3, -3], 60).state;
    expect(covariance[0]![1]! / Math.sqrt(covariance[0]![0]! * covariance[1]![1]!)).toBeGreaterThan(0.9);
  });

  it('asks for the same points for the same key, and goes on from a state that was JSON', () => {
    const search = cmaEs({ start: [1, 2], sigma: 0.3 });
    const first = search.ask(search.init(), key(3));
    expect(search.ask(search.init(), key(3))).toEqual(first);
    expect(search.ask(search.init(), key(4))).not.toEqual(first);
    const state = search.tell(search.init(), first, first.map(functions.sphere!));
    const again = JSON.parse(JSON.stringify(state)) as CmaEsState;
    expect(search.ask(again, key(3))).toEqual(search.ask(state, key(3)));
  });

  it('takes infinite values for the worst', () => {
    const search = cmaEs({ start: [1, 2], sigma: 0.3, population: 4 });
    const points = search.ask(search.init(), key(3));
    const state = search.tell(search.init(), points, [Infinity, 1, Infinity, 2]);
    const finite = search.tell(search.init(), points, [1e9, 1, 1e10, 2]);
    expect(state).toEqual(finite);
  });

  it('refuses what does not fit, in one sentence', () => {
    const search = cmaEs({ start: [1, 2], sigma: 0.3, population: 2 });
    const points = [
      [1, 2],
      [2, 1],
    ];
    expect(() => search.tell(search.init(), points, [1, NaN])).toThrow(
      'cmaEs: expected a number as the value of points[1], received NaN',
    );
    expect(() => search.tell(search.init(), points, [1])).toThrow(
      'cmaEs: expected 2 points and values, received 2 and 1',
    );
    expect(() => search.tell(search.init(), [[1, 2], [3]], [1, 2])).toThrow(
      'cmaEs: expected 2 finite coordinates of points[1], received [3]',
    );
    expect(() => cmaEs({ start: [], sigma: 1 })).toThrow(
      'cmaEs: expected the number of coordinates of start',
    );
    expect(() => cmaEs({ start: [1, NaN], sigma: 1 })).toThrow(
      'cmaEs: expected a finite number as start[1], received NaN',
    );
    expect(() => cmaEs({ start: [1], sigma: 0 })).toThrow('cmaEs: expected sigma above 0, received 0');
    expect(() => cmaEs({ start: [1], sigma: 1, population: 1 })).toThrow(
      'cmaEs: expected population to be a whole number of at least 2, received 1',
    );
  });
});
