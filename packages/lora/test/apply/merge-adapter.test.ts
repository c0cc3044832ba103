import { describe, expect, it } from 'vitest';
import { fromFloat32, toFloat32 } from '@weightloom/checkpoint';
import { fromTensors, type StateDict, toTensors } from '@weightloom/state-dict';
import { tensor } from '@weightloom/tensor-gpu';
import {
  type LoraAdapter,
  loraConfig,
  type LoraConfigOptions,
  mergeAdapter,
  type OtherAdapter,
  unmergeAdapter,
} from '../../src/index.js';
import { anyPeftAdapter, largestDifference, peftAdapter, peftTensors } from '../fixtures.js';

const base = () => toTensors(peftTensors('base'), { storage: 'keep' });

/** One layer `q` with `A = [[1, 2]]`, `B = [[1], [0], [3]]`. */
function small(options: Partial<LoraConfigOptions> = {}, a = [1, 2]): LoraAdapter {
  return {
    config: loraConfig({ targetModules: ['q'], r: 1, loraAlpha: 2, ...options }),
    layers: new Map([
      [
        'q',
        {
          kind: 'linear',
          a: fromFloat32(Float32Array.from(a), 'F32', { shape: [1, 2] }),
          b: fromFloat32(Float32Array.of(1, 0, 3), 'F32', { shape: [3, 1] }),
        },
      ],
    ]),
    saved: new Map(),
    tokens: new Map(),
    warnings: [],
  };
}
const weight = (...values: number[]): StateDict => ({
  'q.weight': tensor(Float32Array.from(values), [3, 2]),
});
const ofQ = (dict: StateDict) => [...dict['q.weight']!.dataSync()];

describe('mergeAdapter', () => {
  it('adds s · B · A', async () => {
    expect(ofQ(await mergeAdapter(weight(1, 1, 1, 1, 1, 1), small()))).toEqual([3, 5, 1, 1, 7, 13]);
    expect(ofQ(await mergeAdapter(weight(1, 1, 1, 1, 1, 1), small(), { weight: -0.5 }))).toEqual([
      0, -1, 1, 1, -2, -5,
    ]);
  });

  it('turns the update for weights stored [in, out], told by the shape', async () => {
    const params = { 'q.weight': tensor(new Float32Array(6), [2, 3]) };
    expect(ofQ(await mergeAdapter(params, small()))).toEqual([2, 0, 6, 4, 0, 12]);
  });

  it.each([
    'linear',
    'every-layer',
    'dora',
    'lora-bias',
    'bias-all',
    'bias-lora-only',
    'tokens',
    'regex',
    'bfloat16',
    'loha',
    'loha-plain',
    'lokr',
    'lokr-tucker',
    'ia3',
    'miss',
    'miss-uneven',
    'bat',
    'miss-mini',
  ])('gives the weights that PEFT gives: %s', async (name) => {
    const merged = await fromTensors(await mergeAdapter(base(), anyPeftAdapter(name)));
    expect(largestDifference(merged, peftTensors('base'))).toBeGreaterThan(0.1);
    // Both compute in float32; the numbers are below 10.
    expect(largestDifference(merged, peftTensors(`${name}/merged`))).toBeLessThan(5e-6);
  });

  it('rounds once to the dtype of the base', async () => {
    const params = {
      'q.weight': tensor(
        Uint16Array.from({ length: 6 }, () => 0x3f80),
        [3, 2],
        'bfloat16',
      ),
    };
    const { 'q.weight': merged } = await fromTensors(
      await mergeAdapter(params, small({}, [0.00390625, 0.01])),
    );
    expect(merged!.dtype).toBe('BF16');
    // 1 + 2/256 = 1.0078125 is a bfloat16; 1.02 is nearest to 1.0234375 (steps of 1/128); 1 + 6 · 0.01 to 1.0625.
    expect([...toFloat32(merged!)]).toEqual([1.0078125, 1.0234375, 1, 1, 1.0234375, 1.0625]);
  });

  it('shares what the adapter does not touch and leaves the base as it was', async () => {
    const params = { ...weight(0, 0, 0, 0, 0, 0), other: tensor([1, 2]) };
    const merged = await mergeAdapter(params, small());
    expect(merged.other).toBe(params.other);
    expect(ofQ(params)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('refuses to merge an adapter, or a copy of it, twice', async () => {
    const once = await mergeAdapter(weight(0, 0, 0, 0, 0, 0), small());
    await expect(mergeAdapter(once, small())).rejects.toThrow('expected weights without this adapter');
    await expect(mergeAdapter(once, small({ loraAlpha: 3 }))).resolves.toBeDefined();
  });

  it.each([
    [
      'missing modules, naming the nearest',
      { 'h.q.weight': tensor(new Float32Array(6), [3, 2]) },
      small(),
      {},
      'received one without "q"; pass { rename } if they have other names; the nearest are "q" → "h.q"',
    ],
    [
      'shapes that do not fit',
      { 'q.weight': tensor(new Float32Array(8), [4, 2]) },
      small(),
      {},
      'mergeAdapter: "q": expected a base weight of shape [3, 2] (or [2, 3] for fan_in_fan_out), received [4, 2]',
    ],
    [
      'NaN in a factor',
      weight(0, 0, 0, 0, 0, 0),
      small({}, [1, NaN]),
      {},
      '"q": lora_A: expected finite values, received NaN at element 1',
    ],
    ['NaN in the base', weight(0, NaN, 0, 0, 0, 0), small(), {}, 'NaN'],
    ['an overflow', weight(3e38, 0, 0, 0, 0, 0), small({}, [1e38, 0]), {}, 'Infinity'],
    [
      'a weight that is not finite',
      weight(0, 0, 0, 0, 0, 0),
      small(),
      { weight: NaN },
      'expected a finite weight',
    ],
  ])('refuses %s', async (_, params, adapter, options, message) => {
    await expect(mergeAdapter(params, adapter, options)).rejects.toThrow(message);
  });

  it('refuses to scale what is no sum', async () => {
    await expect(mergeAdapter(base(), peftAdapter('dora'), { weight: 0.5 })).rejects.toThrow(
      'expected weight 1 for DoRA',
    );
    await expect(mergeAdapter(base(), anyPeftAdapter('ia3'), { weight: 2 })).rejects.toThrow(
      'received 2 for IA3',
    );
  });

  it('finds modules under other names', async () => {
    const params = { 'model.q.weight': tensor(new Float32Array(6), [3, 2]) };
    const merged = await mergeAdapter(params, small(), { rename: (path) => `model.${path}` });
    expect([...merged['model.q.weight']!.dataSync()]).toEqual([2, 4, 0, 0, 6, 12]);
  });

  it('asks how square weights are stored when the configuration contradicts the other layers', async () => {
    const adapter = small({ targetModules: ['q', 's'], fanInFanOut: true });
    const square = {
      kind: 'linear',
      a: fromFloat32(Float32Array.of(1, 2), 'F32', { shape: [1, 2] }),
      b: fromFloat32(Float32Array.of(1, 0), 'F32', { shape: [2, 1] }),
    } as const;
    const both: LoraAdapter = { ...adapter, layers: new Map([...adapter.layers, ['s', square]]) };
    const params = { ...weight(0, 0, 0, 0, 0, 0), 's.weight': tensor(new Float32Array(4), [2, 2]) };
    await expect(mergeAdapter(params, both)).rejects.toThrow(
      '"s": expected to know how this square weight is stored',
    );
    const merged = await mergeAdapter(params, both, { fanInFanOut: () => true });
    expect([...merged['s.weight']!.dataSync()]).toEqual([2, 0, 4, 0]);
  });

  it('refuses a grouped kernel that the adapter cannot be merged into', async () => {
    const conv = {
      kind: 'conv',
      a: fromFloat32(new Float32Array(2 * 4), 'F32', { shape: [2, 4, 1, 1] }),
      b: fromFloat32(new Float32Array(4), 'F32', { shape: [4, 1, 1, 1] }),
    } as const;
    const adapter = { ...small(), layers: new Map([['q', conv]]) };
    const params = { 'q.weight': tensor(new Float32Array(8), [4, 2, 1, 1]) };
    await expect(mergeAdapter(params, adapter)).rejects.toThrow(
      'which a grouped kernel cannot hold; keep it unmerged',
    );
  });

  it('merges block by block into a grouped kernel when the adapter sees one group of channels', async () => {
    const conv = {
      kind: 'conv',
      a: fromFloat32(Float32Array.of(1, 2, 3, 4), 'F32', { shape: [2, 2, 1, 1] }),
      b: fromFloat32(Float32Array.of(1, 10, 1, 10), 'F32', { shape: [4, 1, 1, 1] }),
    } as const;
    const adapter = { ...small({ r: 2 }), layers: new Map([['q', conv]]) };
    const params = { 'q.weight': tensor(new Float32Array(8), [4, 2, 1, 1]) };
    expect(ofQ(await mergeAdapter(params, adapter))).toEqual([1, 2, 10, 20, 3, 4, 30, 40]);
  });
});

describe('unmergeAdapter', () => {
  it('takes out what was merged, with the weight it was merged with', async () => {
    const merged = await mergeAdapter(weight(1, 2, 3, 4, 5, 6), small(), { weight: 0.25 });
    expect(ofQ(await unmergeAdapter(merged, small()))).toEqual([1, 2, 3, 4, 5, 6]);
    const all = await mergeAdapter(base(), peftAdapter('linear'));
    const back = await fromTensors(await unmergeAdapter(all, peftAdapter('linear')));
    expect(largestDifference(back, peftTensors('base'))).toBeLessThan(1e-6);
  });

  it('refuses weights it was not merged into, unless forced', async () => {
    await expect(unmergeAdapter(weight(0, 0, 0, 0, 0, 0), small())).rejects.toThrow(
      'received weights nothing is known of',
    );
    expect(ofQ(await unmergeAdapter(weight(2, 4, 0, 0, 6, 12), small(), { force: true }))).toEqual([
      0, 0, 0, 0, 0, 0,
    ]);
    const merged = await mergeAdapter(weight(0, 0, 0, 0, 0, 0), small());
    const once = await unmergeAdapter(merged, small());
    await expect(unmergeAdapter(once, small())).rejects.toThrow('received weights with other adapters');
  });

  it.each(['loha', 'loha-plain', 'lokr', 'lokr-tucker', 'ia3', 'miss', 'miss-uneven', 'miss-mini', 'bat'])(
    'undoes other methods by the reverse of their formulas: %s',
    async (name) => {
      const merged = await mergeAdapter(base(), anyPeftAdapter(name));
      const back = await fromTensors(await unmergeAdapter(merged, anyPeftAdapter(name)));
      expect(largestDifference(back, peftTensors('base'))).toBeLessThan(1e-4);
    },
  );

  it('refuses blocks and factors that forget the base', async () => {
    const block = (
      values: number[],
      shape: number[],
      peftType: 'MISS' | 'IA3',
      factor: string,
      more: object,
    ): OtherAdapter => ({
      config: { peftType, values: more as Record<string, unknown>, source: {} },
      modules: new Map([
        ['q', new Map([[factor, fromFloat32(Float32Array.from(values), 'F32', { shape })]])],
      ]),
      saved: new Map(),
      warnings: [],
    });
    const params = { 'q.weight': tensor(new Float32Array(4), [2, 2]) };
    const bat = block([-1, 0, 0, -1], [1, 2, 2], 'MISS', 'miss_block', { init_weights: 'bat' });
    await expect(unmergeAdapter(params, bat, { force: true })).rejects.toThrow(
      '"q": block 0: expected I + b to be invertible',
    );
    const ia3 = block([1, 0], [2, 1], 'IA3', 'ia3_l', { feedforward_modules: [] });
    await expect(unmergeAdapter(params, ia3, { force: true })).rejects.toThrow(
      'received 0, which forgets the base',
    );
  });

  it.each(['dora', 'every-layer', 'tokens'])('refuses what cannot be undone: %s', async (name) => {
    await expect(unmergeAdapter(base(), anyPeftAdapter(name), { force: true })).rejects.toThrow(
      'keep the base',
    );
  });
});
