import { describe, expect, it } from 'vitest';
import { linear, mlp, type StateDict } from '@weightloom/nn';
import { grad, key, normal, sum, type Tensor, tensor } from '@weightloom/tensor-gpu';
import {
  adaptBone,
  boneAdapter,
  type BoneOptions,
  boneToLora,
  initBone,
  layerDelta,
  mergeAdapter,
  unmergeAdapter,
} from '../../src/index.js';
import { toFloat32 } from '@weightloom/checkpoint';

const model = mlp({ sizes: [10, 12, 6] });
const params = model.init(key(1));
const x = normal(key(2), [5, 10]);
const filled = (own: StateDict): StateDict =>
  Object.fromEntries(Object.entries(own).map(([name, t], i) => [name, normal(key(10 + i), t.shape, 0, 0.3)]));
const apart = (a: Tensor, b: Tensor) =>
  Math.max(...[...a.dataSync()].map((value, i) => Math.abs(value - b.dataSync()[i]!)));

describe('adaptBone', () => {
  it('adds b[i mod r, o], by hand', () => {
    const one = { apply: (p: StateDict, input: Tensor, ctx = {}) => linear(p, 'q', input, ctx) };
    const own = {
      'q.weight': tensor(new Float32Array(6), [2, 3]),
      'q.miss_block': tensor([
        [1, 10],
        [2, 20],
      ]),
    };
    // ΔW = [[1, 2, 1], [10, 20, 10]]
    expect([
      ...adaptBone(one)
        .apply(own, tensor([[1, 1, 1]]))
        .dataSync(),
    ]).toEqual([4, 40]);
  });

  const variants: BoneOptions[] = [
    { targetModules: ['0', '1'], r: 4 },
    { targetModules: ['0', '1'], r: 2, variant: 'bat' },
    { targetModules: ['0', '1'], r: 3, variant: 'mini', miniR: 3 },
  ];
  it.each(variants)(
    'changes nothing at first, and computes what merged weights compute: $variant, r = $r',
    async (options) => {
      const adapted = adaptBone(model, options);
      const start = initBone(params, options);
      expect(apart(adapted.apply({ ...params, ...start }, x), model.apply(params, x))).toBe(0);
      const own = filled(start);
      const merged = await mergeAdapter(params, await boneAdapter(own, options));
      expect(apart(adapted.apply({ ...params, ...own }, x), model.apply(merged, x))).toBeLessThan(1e-5);
      expect(apart(model.apply(merged, x), model.apply(params, x))).toBeGreaterThan(0.01);
      const slopes = grad((p: StateDict) => sum(adapted.apply(p, x)))({ ...params, ...own }) as StateDict;
      for (const name of Object.keys(own)) {
        expect(adapted.trainable(name)).toBe(true);
        expect(Math.max(...[...slopes[name]!.dataSync()].map(Math.abs))).toBeGreaterThan(0);
      }
      const back = await unmergeAdapter(merged, await boneAdapter(own, options));
      for (const name of Object.keys(params)) expect(apart(back[name]!, params[name]!)).toBeLessThan(1e-4);
    },
  );

  it('is exactly a LoRA adapter with a fixed A', async () => {
    const options = { targetModules: ['0', '1'], r: 4 };
    const own = filled(initBone(params, options));
    const bone = await boneAdapter(own, options);
    const lora = boneToLora(bone, (path) => params[`${path}.weight`]!.shape[1]!);
    const [one, other] = [await mergeAdapter(params, bone), await mergeAdapter(params, lora)];
    for (const name of Object.keys(params)) expect(apart(one[name]!, other[name]!)).toBeLessThan(1e-6);
    expect(toFloat32(layerDelta(lora, 'layers.0')).length).toBe(120);
    const bat = await boneAdapter(filled(initBone(params, { ...options, r: 2, variant: 'bat' })), {
      ...options,
      r: 2,
      variant: 'bat',
    });
    expect(() => boneToLora(bat, () => 1)).toThrow(
      'expected a Bone adapter of the default variant, received bat; merge it, then extract',
    );
  });

  it('refuses sizes that do not divide, and what matches nothing', () => {
    expect(() => initBone(params, { targetModules: ['0'], r: 0 })).toThrow(
      'expected a whole r of at least 1',
    );
    expect(() => initBone(params, { targetModules: ['0'], r: 11 })).toThrow(
      '"layers.0": expected r up to the 10 inputs, received 11',
    );
    expect(() => initBone(params, { targetModules: ['0'], r: 4, variant: 'bat' })).toThrow(
      'expected sizes divisible by r = 4 for bat, received 12 × 10',
    );
    expect(() => initBone(params, { targetModules: ['0'], r: 2, variant: 'mini', miniR: 5 })).toThrow(
      'expected miniR that divides 12, received 5',
    );
    expect(() => initBone(params, { targetModules: ['x'], r: 2 })).toThrow('received none among 2 modules');
  });
});
