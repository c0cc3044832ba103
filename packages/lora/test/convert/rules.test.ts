// The rules of the layouts one by one, with numbers that can be checked by hand; `layouts.test.ts` has whole files.
import { describe, expect, it } from 'vitest';
import { fromFloat32, type RawStateDict, type RawTensor, toFloat32 } from '@weightloom/checkpoint';
import {
  fromDiffusers,
  fromKohya,
  fromMlx,
  layerDelta,
  loraConfig,
  type LoraAdapter,
  type LoraLayer,
  toDiffusers,
  toKohya,
  toMlx,
} from '../../src/index.js';

const tensor = (values: number[], ...shape: number[]): RawTensor =>
  fromFloat32(Float32Array.from(values), 'F32', { shape });
const half = (values: number[], ...shape: number[]): RawTensor =>
  fromFloat32(Float32Array.from(values), 'F16', { shape });
const one = tensor([1], 1, 1);
const numbers = (adapter: LoraAdapter, path: string) => [...toFloat32(layerDelta(adapter, path))];

/** One layer of rank 1 that changes a 1 × 1 weight by 6 before scaling, in the names of sd-scripts. */
const kohya = (name: string, more: RawStateDict = {}): RawStateDict => ({
  [`${name}.lora_down.weight`]: tensor([2], 1, 1),
  [`${name}.lora_up.weight`]: tensor([3], 1, 1),
  ...Object.fromEntries(Object.entries(more).map(([part, raw]) => [`${name}.${part}`, raw])),
});

const adapterWith = (
  layers: [string, LoraLayer][],
  config: Parameters<typeof loraConfig>[0],
): LoraAdapter => ({
  config: loraConfig(config),
  layers: new Map(layers),
  saved: new Map(),
  tokens: new Map(),
  warnings: [],
});

describe('sd-scripts', () => {
  it.each([
    ['lora_unet', 'unet'],
    ['lora_te', 'text_encoder'],
    ['lora_te1', 'text_encoder'],
    ['lora_te2', 'text_encoder_2'],
    ['lora_te3', 'text_encoder_3'],
    ['lora_transformer', 'transformer'],
    ['lora_prior_unet', 'prior'],
  ])('has %s for %s', (prefix, part) => {
    const { adapters } = fromKohya(kohya(`${prefix}_a_b_c`), { modules: { [part]: ['a.b_c'] } });
    expect(Object.keys(adapters)).toEqual([part]);
    expect(numbers(adapters[part]!, 'a.b_c')).toEqual([6]);
    expect(Object.keys(toKohya(adapters).tensors)[0]).toBe(
      `${prefix === 'lora_te1' ? 'lora_te' : prefix}_a_b_c.lora_down.weight`,
    );
  });

  it('scales by alpha over the rank', () => {
    const tensors = {
      'lora_unet_a.lora_down.weight': tensor([2, 4], 2, 1),
      'lora_unet_a.lora_up.weight': tensor([3, 1], 1, 2),
      'lora_unet_a.alpha': tensor([1]),
    };
    const { adapters } = fromKohya(tensors, { modules: { unet: ['a'] } });
    expect(numbers(adapters.unet!, 'a')).toEqual([0.5 * (2 * 3 + 4 * 1)]);
  });

  it('has magnitudes of convolutions over the first axis, PEFT over the second', () => {
    const tensors = {
      'lora_unet_a.lora_down.weight': tensor([1, 2, 3, 4], 1, 1, 2, 2),
      'lora_unet_a.lora_up.weight': tensor([1, 2, 3], 3, 1, 1, 1),
      'lora_unet_a.dora_scale': tensor([7, 8, 9], 3, 1, 1, 1),
    };
    const { adapters } = fromKohya(tensors, { modules: { unet: ['a'] } });
    const { magnitude, kind } = adapters.unet!.layers.get('a')!;
    expect([kind, magnitude!.shape, [...toFloat32(magnitude!)]]).toEqual(['conv', [1, 3, 1, 1], [7, 8, 9]]);
    expect(toKohya(adapters).tensors['lora_unet_a.dora_scale']).toEqual(tensors['lora_unet_a.dora_scale']);
  });

  it('stores alpha like the factors where they can hold it, else in float32', () => {
    const layer = (rank: number): LoraLayer => ({
      kind: 'linear',
      a: half(new Array<number>(rank).fill(1), rank, 1),
      b: half(new Array<number>(rank).fill(1), 1, rank),
    });
    // Rank-stabilised: the scaling is 4 / √r, and alpha 4 √r.
    const adapter = adapterWith(
      [
        ['even', layer(4)],
        ['odd', layer(3)],
      ],
      { targetModules: ['even', 'odd'], r: 4, loraAlpha: 4, useRslora: true, rankPattern: { odd: 3 } },
    );
    const { tensors } = toKohya({ unet: adapter });
    expect(tensors['lora_unet_even.alpha']).toEqual(half([8]));
    expect(tensors['lora_unet_odd.alpha']).toEqual(tensor([4 * Math.sqrt(3)]));
  });

  it('reports what has no place, tensor by tensor and with the reason', () => {
    const tensors = {
      ...kohya('lora_unet_a', { alpha: tensor([1]) }),
      ...kohya('lora_te_a'),
      ...kohya('lycoris_a'),
      'lora_unet_a.weight': one,
    };
    const { report } = fromKohya(tensors, { modules: { unet: ['a'] } });
    expect(report.left).toEqual([
      { name: 'lora_unet_a.weight', reason: 'not a part of a LoRA layer' },
      { name: 'lora_te_a.lora_down.weight', reason: 'the modules of text_encoder are not given' },
      { name: 'lora_te_a.lora_up.weight', reason: 'the modules of text_encoder are not given' },
      {
        name: 'lycoris_a.lora_down.weight',
        reason: expect.stringMatching(/^no known prefix \(lora_te1/) as string,
      },
      { name: 'lycoris_a.lora_up.weight', reason: expect.stringMatching(/^no known prefix/) as string },
    ]);
    expect(report.mapped.map(([from]) => from)).toEqual([
      'lora_unet_a.lora_down.weight',
      'lora_unet_a.lora_up.weight',
      'lora_unet_a.alpha',
    ]);
  });

  it('cannot hold two modules whose names differ in dots only', () => {
    const layer: LoraLayer = { kind: 'linear', a: one, b: one };
    const adapter = adapterWith(
      [
        ['a.b', layer],
        ['a_b', layer],
      ],
      { targetModules: ['a.b', 'a_b'], r: 1, loraAlpha: 1 },
    );
    expect(() => toKohya({ unet: adapter })).toThrow(
      'received "a_b", stored as "lora_unet_a_b" like another',
    );
  });

  it.each(['oft_blocks', 'a1.weight', 'lora_mid.weight', 'hada_t1'])('refuses %s by name', (part) => {
    const tensors = { [`lora_unet_a.${part}`]: one };
    expect(() => fromKohya(tensors, { modules: { unet: ['a'] } })).toThrow('of another method');
  });
});

describe('diffusers', () => {
  /** A layer that changes a 1 × 1 weight by 6 before scaling, with these endings of `down` and `up`. */
  const pair = (down: string, up: string): RawStateDict => ({
    [down]: tensor([2], 1, 1),
    [up]: tensor([3], 1, 1),
  });

  it.each([
    ['unet.a.lora_A.weight', 'unet.a.lora_B.weight', 'unet', 'a'],
    ['text_encoder_2.a.lora_A.weight', 'text_encoder_2.a.lora_B.weight', 'text_encoder_2', 'a'],
    ['transformer.a.lora_A.default.weight', 'transformer.a.lora_B.default.weight', 'transformer', 'a'],
    ['a.b.lora.down.weight', 'a.b.lora.up.weight', 'unet', 'a.b'],
    [
      'text_encoder.a.lora_linear_layer.down.weight',
      'text_encoder.a.lora_linear_layer.up.weight',
      'text_encoder',
      'a',
    ],
    ['unet.x.processor.to_q_lora.down.weight', 'unet.x.processor.to_q_lora.up.weight', 'unet', 'x.to_q'],
    ['unet.x.processor.to_k_lora.down.weight', 'unet.x.processor.to_k_lora.up.weight', 'unet', 'x.to_k'],
    ['unet.x.to_v_lora.down.weight', 'unet.x.to_v_lora.up.weight', 'unet', 'x.to_v'],
    ['x.processor.to_out_lora.down.weight', 'x.processor.to_out_lora.up.weight', 'unet', 'x.to_out.0'],
    [
      'x.processor.add_k_proj_lora.down.weight',
      'x.processor.add_k_proj_lora.up.weight',
      'unet',
      'x.add_k_proj',
    ],
  ])('reads %s', (down, up, part, path) => {
    const { adapters, report } = fromDiffusers(pair(down, up));
    expect(Object.keys(adapters)).toEqual([part]);
    expect(numbers(adapters[part]!, path)).toEqual([6]);
    expect(report.mapped).toEqual([
      [down, `${part}: ${path}`],
      [up, `${part}: ${path}`],
    ]);
  });

  const today = pair('unet.a.lora_A.weight', 'unet.a.lora_B.weight');
  const metadata = (settings: object) => ({ lora_adapter_metadata: JSON.stringify(settings) });

  it('takes alpha from the tensor beside, then from the settings, then the rank', () => {
    const change = (tensors: RawStateDict, settings: object = {}) =>
      numbers(fromDiffusers(tensors, metadata(settings)).adapters.unet!, 'a');
    expect(change(today)).toEqual([6]);
    expect(change(today, { 'unet.lora_alpha': 3 })).toEqual([18]);
    expect(change(today, { 'text_encoder.lora_alpha': 3 })).toEqual([6]);
    expect(change(today, { 'unet.lora_alpha': 3, 'unet.alpha_pattern': { a: 5 } })).toEqual([30]);
    expect(change({ ...today, 'unet.a.alpha': tensor([2]) }, { 'unet.lora_alpha': 3 })).toEqual([12]);
    const wide = {
      'unet.a.lora_A.weight': tensor([1, 1, 1, 1], 4, 1),
      'unet.a.lora_B.weight': tensor([1, 1, 1, 1], 1, 4),
    };
    // α / √r = 6 / 2, times four ones.
    expect(change(wide, { 'unet.lora_alpha': 6, 'unet.use_rslora': true })).toEqual([12]);
  });

  it('carries magnitudes both ways and reports biases', () => {
    for (const ending of ['lora_magnitude_vector', 'lora_magnitude_vector.weight']) {
      const tensors = {
        ...today,
        [`unet.a.${ending}`]: tensor([4], 1),
        'unet.a.lora_B.bias': tensor([1], 1),
      };
      const { adapters, report } = fromDiffusers(tensors);
      expect(adapters.unet!.config.useDora).toBe(true);
      expect(report.left).toEqual([
        { name: 'unet.a.lora_B.bias', reason: 'PEFT has one setting for biases of lora_B; add it by hand' },
      ]);
      expect(toDiffusers(adapters).tensors['unet.a.lora_magnitude_vector']).toEqual(tensor([4], 1));
    }
  });

  it('wants magnitudes for all modules or for none, and scalars for alphas', () => {
    const tensors = {
      ...today,
      ...pair('unet.b.lora_A.weight', 'unet.b.lora_B.weight'),
      'unet.a.lora_magnitude_vector': tensor([4], 1),
    };
    expect(() => fromDiffusers(tensors)).toThrow('a magnitude for every module or for none');
    expect(() => fromDiffusers({ ...today, 'unet.a.alpha': tensor([1, 2], 2) })).toThrow('expected a scalar');
    expect(() => fromDiffusers(today, { lora_adapter_metadata: '[]' })).toThrow(
      'metadata lora_adapter_metadata',
    );
  });
});

describe('MLX', () => {
  const layer = {
    'model.layers.3.q.lora_a': tensor([1, 2], 2, 1),
    'model.layers.3.q.lora_b': tensor([3, 4, 5], 1, 3),
  };
  const config = (parameters: object, type = 'lora') =>
    JSON.stringify({ fine_tune_type: type, lora_parameters: parameters });

  it('has [in, r] and [r, out] and multiplies by the scale itself', () => {
    const { adapter } = fromMlx(layer, config({ scale: 0.5 }));
    expect(layerDelta(adapter, 'model.layers.3.q').shape).toEqual([3, 2]);
    expect(numbers(adapter, 'model.layers.3.q')).toEqual([1.5, 3, 2, 4, 2.5, 5]);
  });

  it('carries the magnitudes of DoRA both ways', () => {
    const source = { ...layer, 'model.layers.3.q.m': tensor([7, 8, 9], 3) };
    const { adapter } = fromMlx(source, config({ scale: 2 }, 'dora'));
    expect(adapter.config.useDora).toBe(true);
    const back = toMlx(adapter);
    expect(JSON.parse(back.config)).toMatchObject({ fine_tune_type: 'dora' });
    expect(back.tensors).toEqual(Object.assign(Object.create(null), source));
  });

  it('has all layers loaded, not the last so many, and names the modules in them', () => {
    const linear: LoraLayer = { kind: 'linear', a: one, b: one };
    const paths = ['model.layers.0.q', 'model.layers.0.mlp.up', 'model.layers.5.q', 'lm_head'];
    const adapter = adapterWith(
      paths.map((path) => [path, linear]),
      { targetModules: ['q', 'up', 'lm_head'], r: 1, loraAlpha: 3, loraDropout: 0.1 },
    );
    expect(JSON.parse(toMlx(adapter).config)).toEqual({
      fine_tune_type: 'lora',
      num_layers: -1,
      lora_parameters: { rank: 1, scale: 3, dropout: 0.1, keys: ['lm_head', 'mlp.up', 'q'] },
    });
  });

  it('reports other tensors and refuses adapters of convolutions alone', () => {
    const { report } = fromMlx({ ...layer, 'norm.weight': one }, '{}');
    expect(report.left).toEqual([{ name: 'norm.weight', reason: 'not a part of a LoRA layer' }]);
    const conv: LoraLayer = { kind: 'conv', a: tensor([1], 1, 1, 1, 1), b: tensor([1], 1, 1, 1, 1) };
    const adapter = adapterWith([['c', conv]], { targetModules: ['c'], r: 1, loraAlpha: 1 });
    expect(() => toMlx(adapter)).toThrow('expected adapters of linear layers or embeddings');
  });
});
