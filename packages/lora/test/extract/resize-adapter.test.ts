import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromFloat32, toFloat32 } from '@weightloom/checkpoint';
import {
  combineAdapters,
  distilAdapters,
  layerDelta,
  type LoraAdapter,
  loraConfig,
  resizeAdapter,
} from '../../src/index.js';
import { peftAdapter } from '../fixtures.js';

const f32 = (values: ArrayLike<number>, ...shape: number[]) =>
  fromFloat32(Float32Array.from(values), 'F32', { shape });
const adapter = (a: number[], b: number[], r: number, loraAlpha = r): LoraAdapter => ({
  config: loraConfig({ targetModules: ['q'], r, loraAlpha }),
  layers: new Map([['q', { kind: 'linear', a: f32(a, r, a.length / r), b: f32(b, b.length / r, r) }]]),
  saved: new Map(),
  tokens: new Map(),
  warnings: [],
});
const distance = (x: LoraAdapter, y: LoraAdapter, path = 'q') => {
  const [p, q] = [x, y].map((own) => toFloat32(layerDelta(own, path)));
  return Math.hypot(...p!.map((value, i) => value - q![i]!));
};

describe('resizeAdapter', () => {
  it('keeps the largest directions, by hand', () => {
    // ΔW = diag(6, 2): rank 1 keeps 6, an error of 2 / √40
    const { adapter: small, layers } = resizeAdapter(adapter([3, 0, 0, 1], [1, 0, 0, 1], 2, 4), { rank: 1 });
    expect([...toFloat32(layerDelta(small, 'q'))].map((x) => Math.round(x * 1e5) / 1e5 + 0)).toEqual([
      6, 0, 0, 0,
    ]);
    expect(layers[0]).toMatchObject({
      path: 'q',
      rank: 1,
      norm: expect.closeTo(Math.sqrt(40), 5),
      error: expect.closeTo(2 / Math.sqrt(40), 6),
    });
    expect(small.config).toMatchObject({ r: 1, loraAlpha: 1, rankPattern: {}, alphaPattern: {} });
  });

  it('at its own rank is the same adapter, for every kind of layer and scaling', () => {
    const own = peftAdapter('every-layer');
    const { adapter: same, layers } = resizeAdapter(own, { rank: 64 });
    expect(Math.max(...layers.map(({ error }) => error))).toBeLessThan(1e-6);
    for (const path of own.layers.keys()) expect(distance(same, own, path)).toBeLessThan(2e-5);
    expect(same.saved).toBe(own.saved);
    expect(same.config.useRslora).toBe(false);
  });

  it('keeps what the bias of lora_B adds', () => {
    const own = peftAdapter('lora-bias');
    const { adapter: same } = resizeAdapter({ ...own, config: { ...own.config, loraAlpha: 6 } }, { rank: 2 });
    const [x, y] = [same, own].map((one) => toFloat32(one.layers.get('layers.0')!.bias!));
    x!.forEach((value, i) => expect(value).toBeCloseTo(3 * y![i]!, 6));
  });

  it('loses no more than it says, and less at higher rank', () => {
    const factor = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(factor, factor, (a, b) => {
        const own = adapter(a, b, 3);
        const errors = [1, 2, 3].map((rank) => {
          const { adapter: small, layers } = resizeAdapter(own, { rank });
          const [fit] = layers;
          expect(Math.abs(distance(small, own) - fit!.error * fit!.norm)).toBeLessThan(1e-4);
          return fit!.error;
        });
        expect(errors[0]! + 1e-6 >= errors[1]! && errors[1]! + 1e-6 >= errors[2]!).toBe(true);
        expect(errors[2]!).toBeLessThan(1e-3);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it('reaches an energy or an error with as few directions as possible', () => {
    const own = adapter([4, 0, 0, 0, 2, 0, 0, 0, 1], [1, 0, 0, 0, 1, 0, 0, 0, 1], 3); // σ² 16, 4, 1 of 21
    expect(resizeAdapter(own, { energy: 0.76 }).layers[0]!.rank).toBe(1);
    expect(resizeAdapter(own, { energy: 0.77 }).layers[0]!.rank).toBe(2);
    expect(resizeAdapter(own, { energy: 1 }).layers[0]!.rank).toBe(3);
    expect(resizeAdapter(own, { error: 0.22 }).layers[0]!.rank).toBe(2); // √(1 / 21) = 0.218
    expect(resizeAdapter(own, { error: 0.21 }).layers[0]!.rank).toBe(3);
  });

  it('writes ranks that differ into the patterns', () => {
    const two = adapter([4, 0, 0, 1], [1, 0, 0, 1], 2);
    const both: LoraAdapter = {
      ...two,
      config: loraConfig({ targetModules: ['a.q', 'q'], r: 2, loraAlpha: 2 }),
      layers: new Map([
        ['q', two.layers.get('q')!],
        ['a.q', adapter([1, 1, 1, -1], [1, 0, 0, 1], 2).layers.get('q')!],
      ]),
    };
    const { adapter: small } = resizeAdapter(both, { energy: 0.9 });
    expect(small.config).toMatchObject({ r: 1, rankPattern: { 'a.q': 2 }, alphaPattern: { 'a.q': 2 } });
    expect(distance(small, both, 'a.q')).toBeLessThan(1e-5);
  });

  it('of a change of nothing is a change of nothing', () => {
    const { adapter: zero, layers } = resizeAdapter(adapter([0, 0, 0, 0], [0, 0, 0, 0], 2), { energy: 0.9 });
    expect(layers[0]).toEqual({ path: 'q', rank: 1, norm: 0, error: 0 });
    expect([...toFloat32(layerDelta(zero, 'q'))].every((x) => x === 0)).toBe(true);
  });

  it('refuses DoRA, and targets that are missing or out of range', () => {
    expect(() => resizeAdapter(peftAdapter('dora'), { rank: 1 })).toThrow(
      'received DoRA; merge it, then extract',
    );
    expect(() => resizeAdapter(peftAdapter('linear'), {})).toThrow(
      'expected a rank, an energy or an error, received none',
    );
    expect(() => resizeAdapter(peftAdapter('linear'), { rank: 1.5 })).toThrow(
      'expected a whole rank of at least 1',
    );
  });
});

describe('distilAdapters', () => {
  it('is the best approximation of the weighted sum, with its error', () => {
    const [one, two] = [peftAdapter('combine/first'), peftAdapter('combine/second')];
    const sum = combineAdapters([one, two], { weights: [0.7, -0.4] });
    const { adapter: small, layers } = distilAdapters([one, two], { weights: [0.7, -0.4], rank: 4 });
    const svd = combineAdapters([one, two], { weights: [0.7, -0.4], type: 'svd', svdRank: 4 });
    for (const { path, error, norm } of layers) {
      expect(distance(small, sum, path)).toBeCloseTo(error * norm, 4);
      expect(distance(small, svd, path)).toBeLessThan(1e-4);
    }
    expect(Math.max(...layers.map(({ error }) => error))).toBeGreaterThan(0.01);
  });
});
