import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromFloat32, toFloat32 } from '@weightloom/checkpoint';
import { key } from '@weightloom/tensor-gpu';
import {
  combineAdapters,
  type CombineOptions,
  layerDelta,
  type LoraAdapter,
  loraConfig,
  type LoraConfigOptions,
  parseLoraAdapter,
  parseLoraConfig,
  serializeLoraAdapter,
} from '../../src/index.js';
import { adapterTensors } from '../../src/index.js';
import { largestDifference, peftAdapter, peftPath, peftTensors } from '../fixtures.js';

const f32 = (values: ArrayLike<number>, ...shape: number[]) =>
  fromFloat32(Float32Array.from(values), 'F32', { shape });

/** A layer `q` `[out, in]` from numbers. */
function adapter(
  a: number[],
  b: number[],
  r: number,
  options: Partial<LoraConfigOptions> = {},
  path = 'q',
): LoraAdapter {
  return {
    config: loraConfig({ targetModules: [path], r, loraAlpha: r, ...options }),
    layers: new Map([[path, { kind: 'linear', a: f32(a, r, a.length / r), b: f32(b, b.length / r, r) }]]),
    saved: new Map(),
    tokens: new Map(),
    warnings: [],
  };
}

const deltasOf = (own: LoraAdapter) =>
  Object.fromEntries([...own.layers.keys()].map((path) => [path, layerDelta(own, path)]));

describe('combineAdapters', () => {
  it('cat puts factors side by side: exactly the sum of the updates', () => {
    const one = adapter([1, 2], [1, 0], 1, { loraAlpha: 2 });
    const two = adapter([0, 1], [3, 1], 1);
    const both = combineAdapters([one, two], { weights: [0.5, -1] });
    expect(both.config).toMatchObject({ r: 2, loraAlpha: 2, useRslora: false, targetModules: ['q'] });
    expect([...toFloat32(both.layers.get('q')!.a)]).toEqual([1, 2, -0, -1]);
    expect([...toFloat32(both.layers.get('q')!.b)]).toEqual([1, 3, 0, 1]);
    expect([...toFloat32(layerDelta(both, 'q'))]).toEqual([1, -1, 0, -1]);
  });

  it('linear adds the factors, which is not the sum of the updates', () => {
    const one = adapter([1, 0], [1, 0], 1);
    const two = adapter([0, 1], [0, 1], 1);
    expect([...toFloat32(layerDelta(combineAdapters([one, two], { type: 'linear' }), 'q'))]).toEqual([
      1, 1, 1, 1,
    ]);
  });

  it('ties keeps large elements, elects a sign and averages those that agree', () => {
    // B is 1 × 1 and the same everywhere, so A tells what happens: [4, -3, 1] and [2, 1, 0.5] at density 2/3.
    const one = adapter([4, -3, 1], [1], 1);
    const two = adapter([2, 1, 0.5], [1], 1);
    const mixed = combineAdapters([one, two], { type: 'ties', density: 2 / 3 });
    // Pruned: [4, -3, 0], [2, 1, 0]. Signs of sums: +, -, + (zero). Means of those that agree: 3, -3, 0. B: 0 is kept of 1 · 2/3.
    expect([...toFloat32(mixed.layers.get('q')!.a)]).toEqual([3, -3, 0]);
  });

  const index = JSON.parse(readFileSync(peftPath('combine/combinations.json'), 'utf8')) as Record<
    string,
    unknown
  >[];
  it.each(index.map((entry, i) => [JSON.stringify(entry), i] as const))(
    'gives the updates that PEFT gives: %s',
    (_, i) => {
      const { type, weights, svd_rank, density, majority_sign_method } = index[i] as Record<string, never>;
      const adapters = [peftAdapter('combine/first'), peftAdapter('combine/second')];
      const options = { type, weights, svdRank: svd_rank, density, majoritySignMethod: majority_sign_method };
      const combined = combineAdapters(adapters, options as CombineOptions);
      const expected = Object.entries(peftTensors('combine/deltas')).filter(([name]) =>
        name.startsWith(`${i}/`),
      );
      expect([...combined.layers.keys()].sort()).toEqual(expected.map(([name]) => name.slice(2)).sort());
      for (const [name, raw] of expected) {
        const path = name.slice(2);
        const delta = layerDelta(combined, path);
        const own = path === 'c_attn' ? turned(delta) : delta; // stored [in, out] by PEFT
        expect(largestDifference({ x: own }, { x: raw }), path).toBeLessThan(5e-6);
      }
    },
  );

  it('is read back from its files as it was', () => {
    const combined = combineAdapters([peftAdapter('combine/first'), peftAdapter('combine/second')], {
      weights: [0.7, -0.4],
    });
    const files = serializeLoraAdapter(combined);
    expect(parseLoraConfig(files.config).config).toMatchObject({
      r: 6,
      loraAlpha: 6,
      rankPattern: {},
      alphaPattern: {},
    });
    const back = parseLoraAdapter({ config: files.config, tensors: adapterTensors(combined) });
    expect(largestDifference(deltasOf(back), deltasOf(combined))).toBe(0);
  });

  const factor = (size: number) =>
    fc.array(
      fc.integer({ min: -64, max: 64 }).map((n) => n / 16),
      { minLength: size, maxLength: size },
    );
  const any = fc
    .record({
      r: fc.integer({ min: 1, max: 3 }),
      alpha: fc.integer({ min: -4, max: 8 }),
      useRslora: fc.boolean(),
    })
    .chain(({ r, alpha, useRslora }) =>
      fc
        .tuple(factor(r * 4), factor(3 * r))
        .map(([a, b]) => adapter(a, b, r, { loraAlpha: alpha, useRslora })),
    );
  const weight = fc.integer({ min: -32, max: 32 }).map((n) => n / 16);
  const types = ['cat', 'svd', 'linear', 'ties', 'magnitude_prune', 'ties_svd'] as const;

  it.each(types)('%s of one adapter with weight 1 is that adapter; with weight -1 its opposite', (type) => {
    fc.assert(
      fc.property(any, (one) => {
        const delta = toFloat32(layerDelta(one, 'q'));
        for (const sign of [1, -1]) {
          const alone = toFloat32(
            layerDelta(combineAdapters([one], { type, weights: [sign], density: 0.5 }), 'q'),
          );
          delta.forEach((value, i) => expect(Math.abs(alone[i]! - sign * value)).toBeLessThan(1e-4));
        }
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it.each(['cat', 'svd'] as const)('%s at full rank is the weighted sum of the updates', (type) => {
    fc.assert(
      fc.property(fc.array(fc.tuple(any, weight), { minLength: 1, maxLength: 4 }), (pairs) => {
        const [adapters, weights] = [pairs.map(([own]) => own), pairs.map(([, own]) => own)];
        const combined = toFloat32(layerDelta(combineAdapters(adapters, { type, weights, svdRank: 4 }), 'q'));
        const deltas = adapters.map((own) => toFloat32(layerDelta(own, 'q')));
        combined.forEach((value, i) => {
          const sum = deltas.reduce((total, delta, k) => total + weights[k]! * delta[i]!, 0);
          expect(Math.abs(value - sum)).toBeLessThan(2e-3); // updates reach 4 · 3 · 16 · 8
        });
      }),
      { numRuns: 40, seed: 1 },
    );
  });

  it('svd gives the best approximation of lower rank, with orthonormal rows in A', () => {
    const sum = combineAdapters([adapter([3, 0, 0, 0, 2, 0], [1, 0, 0, 1], 2)], { type: 'svd' });
    const two = combineAdapters([adapter([3, 0, 0], [1, 0], 1), adapter([0, 2, 0], [0, 1], 1)], {
      type: 'svd',
      svdRank: 1,
    });
    expect([...toFloat32(layerDelta(sum, 'q'))]).toEqual([3, 0, 0, 0, 2, 0]);
    expect([...toFloat32(layerDelta(two, 'q'))].map((x) => Math.round(x * 1e5) / 1e5)).toEqual([
      3, 0, 0, 0, 0, 0,
    ]);
    const a = toFloat32(two.layers.get('q')!.a);
    expect(Math.hypot(...a)).toBeCloseTo(1, 5);
  });

  it('svdClamp clips both factors to the quantile of their elements', () => {
    const own = [adapter([3, 1, 0.5], [1, 0.2], 1), adapter([1, 1, 1], [0.1, 2], 1)];
    const combined = combineAdapters(own, { type: 'svd', svdClamp: 0.75 });
    const plain = combineAdapters(own, { type: 'svd' });
    const [a, b] = [plain.layers.get('q')!.a, plain.layers.get('q')!.b].map((raw) => [...toFloat32(raw)]);
    const sorted = [...a!, ...b!].sort((x, y) => x - y); // 5 elements: quantile 0.75 is the fourth
    const limit = sorted[3]!;
    const clipped = [combined.layers.get('q')!.a, combined.layers.get('q')!.b].flatMap((raw) => [
      ...toFloat32(raw),
    ]);
    expect(Math.max(...clipped.map(Math.abs))).toBeCloseTo(limit, 6);
    expect(clipped).toEqual([...a!, ...b!].map((x) => Math.fround(Math.max(-limit, Math.min(limit, x)))));
  });

  it('dare drops at random by key, rescales, and keeps the mean', () => {
    const one = adapter(
      Array.from({ length: 4000 }, () => 1),
      [1],
      1,
    );
    const combine = (seed: number) =>
      toFloat32(
        combineAdapters([one, one], {
          type: 'dare_linear',
          density: 0.25,
          weights: [1, 0],
          key: key(seed),
        }).layers.get('q')!.a,
      );
    const values = combine(3);
    expect(new Set(values)).toEqual(new Set([0, 4]));
    expect(values.reduce((sum, x) => sum + x, 0) / 4000).toBeCloseTo(1, 0);
    expect(combine(3)).toEqual(values);
    expect(combine(4)).not.toEqual(values);
    const svd = combineAdapters([one, one], { type: 'dare_ties_svd', density: 1, key: key(0) });
    expect(toFloat32(layerDelta(svd, 'q'))[0]).toBeCloseTo(1, 5);
  });

  it('pads with zeros where layers have several ranks, so that one rank and one alpha hold for all', () => {
    const one = peftAdapter('every-layer');
    const alone = combineAdapters([one], { weights: [0.5], dropSaved: true });
    expect(alone.config).toMatchObject({
      r: 4,
      loraAlpha: 4,
      rankPattern: {},
      alphaPattern: {},
      modulesToSave: null,
    });
    for (const path of one.layers.keys()) {
      const [a, b] = [toFloat32(layerDelta(alone, path)), toFloat32(layerDelta(one, path))];
      a.forEach((value, i) => expect(value).toBeCloseTo(0.5 * b[i]!, 5));
    }
  });

  it('joins targets: lists to a list, expressions to an expression, exclusions to the modules themselves', () => {
    const [one, two] = [adapter([1], [1], 1, {}, 'a.q'), adapter([1], [1], 1, {}, 'a.v')];
    expect(combineAdapters([one, two]).config.targetModules).toEqual(['a.q', 'a.v']);
    const patterns = [
      { ...one, config: loraConfig({ targetModules: 'a.q', r: 1 }) },
      { ...two, config: loraConfig({ targetModules: '.*v', r: 1 }) },
    ];
    expect(combineAdapters(patterns).config.targetModules).toBe('(a.q)|(.*v)');
    const excluded = { ...two, config: loraConfig({ targetModules: ['v'], excludeModules: ['b.v'], r: 1 }) };
    expect(combineAdapters([one, excluded]).config).toMatchObject({
      targetModules: ['a.q', 'a.v'],
      excludeModules: null,
    });
    expect(() => combineAdapters([one, patterns[1]!])).toThrow(
      'expected target_modules that are all lists or all expressions',
    );
  });

  it('adds the biases of lora_B exactly', () => {
    const biased = (bias: number): LoraAdapter => {
      const own = adapter([1, 2], [1], 1, { loraBias: true, loraAlpha: 3 });
      return { ...own, layers: new Map([['q', { ...own.layers.get('q')!, bias: f32([bias], 1) }]]) };
    };
    const sum = combineAdapters([biased(2), biased(5)], { weights: [1, -1] });
    expect([...toFloat32(sum.layers.get('q')!.bias!)]).toEqual([-9]);
    expect(() => combineAdapters([biased(2), biased(5)], { type: 'ties', density: 1 })).toThrow(
      'a type that sums',
    );
  });

  it('carries whole modules of one adapter over and refuses what has no weight', () => {
    const own = peftAdapter('every-layer');
    const other = peftAdapter('linear');
    const both = combineAdapters([own, other], { weights: [1, 0.3] });
    expect(both.saved).toEqual(own.saved);
    expect(both.config.modulesToSave).toEqual(['head']);
    expect(() => combineAdapters([own, other], { weights: [0.5, 1] })).toThrow(
      'expected weight 1 for adapters[0], which saves whole modules',
    );
    expect(() => combineAdapters([own, own])).toThrow(
      'in adapters[0] and adapters[1]; pass { dropSaved: true }',
    );
  });

  it.each<[string, LoraAdapter[], CombineOptions, string]>([
    ['no adapters', [], {}, 'expected at least one adapter'],
    ['too few weights', [adapter([1], [1], 1)], { weights: [] }, 'expected 1 weights, received 0'],
    [
      'a weight that is not finite',
      [adapter([1], [1], 1)],
      { weights: [NaN] },
      'expected a finite weights[0]',
    ],
    [
      'an unknown type',
      [adapter([1], [1], 1)],
      { type: 'sum' as never },
      'expected a type among cat, linear',
    ],
    [
      'a density above 1',
      [adapter([1], [1], 1)],
      { type: 'ties', density: 1.5 },
      'expected a density from 0 up to 1 for ties, received 1.5',
    ],
    ['a missing density', [adapter([1], [1], 1)], { type: 'ties' }, 'received undefined'],
    [
      'density 0 for DARE',
      [adapter([1], [1], 1)],
      { type: 'dare_ties', density: 0, key: key(0) },
      'expected a density above 0',
    ],
    [
      'DARE without a key',
      [adapter([1], [1], 1)],
      { type: 'dare_ties', density: 0.5 },
      'expected a key for dare_ties',
    ],
    ['a rank below 1', [adapter([1], [1], 1)], { type: 'svd', svdRank: 0 }, 'expected svdRank of at least 1'],
    [
      'a quantile above 1',
      [adapter([1], [1], 1)],
      { type: 'svd', svdClamp: 2 },
      'expected svdClamp above 0 and up to 1',
    ],
    ['DoRA', [peftAdapter('dora')], {}, 'received DoRA in adapters[0]; merge each into the base instead'],
    [
      'unequal ranks',
      [adapter([1], [1], 1), adapter([1, 2], [1, 1], 2)],
      { type: 'linear' },
      '"q": expected equal ranks for linear, received 1 and 2',
    ],
    [
      'other shapes',
      [adapter([1], [1], 1), adapter([1, 2], [1], 1)],
      {},
      '"q": expected one shape in all adapters, linear [1, 1], received linear [1, 2]',
    ],
    ['NaN', [adapter([NaN], [1], 1)], {}, 'adapters[0] "q": lora_A: expected finite values'],
    [
      'bases that differ',
      [adapter([1], [1], 1), adapter([1], [1], 1, { initLoraWeights: 'pissa' })],
      {},
      'expected adapters of one base',
    ],
  ])('refuses %s', (_, adapters, options, message) => {
    expect(() => combineAdapters(adapters, options)).toThrow(message);
  });
});

function turned(raw: ReturnType<typeof layerDelta>): ReturnType<typeof layerDelta> {
  const [rows, columns] = raw.shape as [number, number];
  const values = toFloat32(raw);
  return f32(
    Array.from({ length: values.length }, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!),
    columns,
    rows,
  );
}
