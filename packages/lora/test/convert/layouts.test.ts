import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  fromFloat32,
  parseSafetensors,
  type RawStateDict,
  type RawTensor,
  toFloat32,
} from '@weightloom/checkpoint';
import {
  fromDiffusers,
  fromKohya,
  fromMlx,
  layerDelta,
  type LoraAdapter,
  parseLoraAdapter,
  serializeLoraAdapter,
  toDiffusers,
  toKohya,
  toMlx,
} from '../../src/index.js';
import { peftAdapter } from '../fixtures.js';

const folder = new URL('../__fixtures__/layouts/', import.meta.url);
const read = (name: string) =>
  parseSafetensors(new Uint8Array(readFileSync(new URL(`${name}.safetensors`, folder))));
const deltas = read('deltas').tensors;
const mlxConfig = readFileSync(new URL('adapter_config.json', folder), 'utf8');
const modules = {
  unet: [
    'down_blocks.0.attn_1.to_q',
    'down_blocks.0.attn_1.to_out.0',
    'mid_block.conv_in',
    'mid_block.conv_out',
  ],
  text_encoder: ['text_model.encoder.layers.0.self_attn.q_proj'],
};

/** Each module changes its weight by what the fixture says, after a way through the PEFT files too. */
function expectDeltas(part: string, adapter: LoraAdapter): void {
  const { config, weights } = serializeLoraAdapter(adapter);
  const reread = parseLoraAdapter({ config, tensors: parseSafetensors(weights).tensors });
  const names = Object.keys(deltas).filter((name) => name.startsWith(`${part}/`));
  expect([...adapter.layers.keys()].sort()).toEqual(names.map((name) => name.slice(part.length + 1)).sort());
  for (const name of names) {
    for (const own of [adapter, reread]) {
      const delta = layerDelta(own, name.slice(part.length + 1));
      expect(delta.shape).toEqual(deltas[name]!.shape);
      // Sums of three float32 products of numbers around 20: a few units in the last place.
      expectClose(delta, deltas[name]!, 2e-5);
    }
  }
}

function expectClose(a: RawTensor, b: RawTensor, tolerance: number): void {
  const [x, y] = [toFloat32(a), toFloat32(b)];
  expect(Math.max(...x.map((value, i) => Math.abs(value - y[i]!)))).toBeLessThan(tolerance);
}

const tensor = (values: number[], ...shape: number[]): RawTensor =>
  fromFloat32(Float32Array.from(values), 'F32', { shape });

describe('fromKohya', () => {
  it('finds the modules of the base behind underscores and says what it could not map', () => {
    const { adapters, report } = fromKohya(read('kohya').tensors, { modules });
    expectDeltas('unet', adapters.unet!);
    expectDeltas('text_encoder', adapters.text_encoder!);
    expect(report.mapped).toContainEqual([
      'lora_unet_down_blocks_0_attn_1_to_q.lora_down.weight',
      'unet: down_blocks.0.attn_1.to_q',
    ]);
    expect(report.left.map(({ name }) => name)).toEqual([
      'lora_unet_other_module.lora_down.weight',
      'lora_unet_other_module.lora_up.weight',
    ]);
    expect(report.left[0]!.reason).toMatch(/^unet has no such module; the nearest is "mid_block_conv_/);
  });

  it('takes the rank where alpha is missing', () => {
    const { adapters } = fromKohya(
      { 'lora_te_a_b.lora_down.weight': tensor([2], 1, 1), 'lora_te_a_b.lora_up.weight': tensor([3], 1, 1) },
      { modules: { text_encoder: ['a.b'] } },
    );
    expect([...toFloat32(layerDelta(adapters.text_encoder!, 'a.b'))]).toEqual([6]);
  });

  const one = tensor([1], 1, 1);
  it.each([
    ['LoHa', { 'lora_unet_a.hada_w1_a': one }, 'of another method (hada); merge it'],
    ['LoKr', { 'lora_unet_a.lokr_w1': one }, 'of another method (lokr)'],
    [
      'half a layer',
      { 'lora_unet_a.lora_down.weight': one },
      'expected lora_down.weight and lora_up.weight, received lora_down.weight',
    ],
    ['nothing that maps', { 'lora_x_a.lora_down.weight': one }, 'expected at least one module of the base'],
    [
      'alpha that is no scalar',
      {
        'lora_unet_a.lora_down.weight': one,
        'lora_unet_a.lora_up.weight': one,
        'lora_unet_a.alpha': tensor([1, 2], 2),
      },
      'expected a scalar, received [2]',
    ],
  ])('refuses %s', (_, tensors, message) => {
    expect(() => fromKohya(tensors as RawStateDict, { modules: { unet: ['a'] } })).toThrow(message);
  });

  it('refuses a base whose names differ in dots only', () => {
    expect(() => fromKohya({}, { modules: { unet: ['a.b', 'a_b'] } })).toThrow('received "a.b" and "a_b"');
  });

  it('leaves magnitudes over inputs, which PEFT does not have', () => {
    const tensors = {
      'lora_unet_a.lora_down.weight': tensor([1, 1], 1, 2),
      'lora_unet_a.lora_up.weight': tensor([1, 1, 1], 3, 1),
      'lora_unet_a.dora_scale': tensor([1, 1], 1, 2),
      'lora_unet_b.lora_down.weight': one,
      'lora_unet_b.lora_up.weight': one,
    };
    const { report } = fromKohya(tensors, { modules: { unet: ['a', 'b'] } });
    expect(report.left[0]!.reason).toBe(
      'its dora_scale is over inputs; PEFT has magnitudes over outputs only',
    );
  });
});

describe('toKohya', () => {
  it('writes back the tensors it read', () => {
    const source = read('kohya').tensors;
    const { adapters } = fromKohya(source, { modules });
    const { tensors, metadata, report } = toKohya(adapters);
    expect(report.left).toEqual([]);
    expect(metadata).toMatchObject({ ss_network_module: 'networks.lora', ss_network_dim: '3' });
    for (const [name, { bytes }] of Object.entries(tensors)) expect(bytes, name).toEqual(source[name]!.bytes);
    expect(Object.keys(tensors)).toHaveLength(Object.keys(source).length - 2);
  });

  it('keeps every scaling of PEFT in alpha and reports what has no place', () => {
    const adapter = peftAdapter('every-layer');
    const { tensors, report } = toKohya({ unet: adapter });
    expect(report.left.map(({ name }) => name).sort()).toEqual(['embed', 'head.bias', 'head.weight']);
    const { adapters } = fromKohya(tensors, { modules: { unet: adapter.layers.keys() } });
    for (const path of adapters.unet!.layers.keys()) {
      expectClose(layerDelta(adapters.unet!, path), layerDelta(adapter, path), 1e-5);
    }
  });

  it('calls two text encoders te1 and te2, and refuses parts without a prefix', () => {
    const adapter = peftAdapter('linear');
    const names = Object.keys(toKohya({ text_encoder: adapter, text_encoder_2: adapter }).tensors);
    expect(names.every((name) => /^lora_te[12]_layers_/.test(name))).toBe(true);
    expect(() => toKohya({ vae: adapter })).toThrow('toKohya: expected a part among text_encoder');
  });

  it('keeps the magnitudes of DoRA', () => {
    const adapter = peftAdapter('dora');
    const { adapters } = fromKohya(toKohya({ unet: adapter }).tensors, {
      modules: { unet: adapter.layers.keys() },
    });
    expect(adapters.unet!.config.useDora).toBe(true);
    for (const [path, layer] of adapters.unet!.layers) {
      expect(layer.magnitude).toEqual(adapter.layers.get(path)!.magnitude);
    }
  });
});

describe('fromDiffusers', () => {
  it('reads the spelling of today', () => {
    const { adapters, report } = fromDiffusers(read('diffusers').tensors);
    expectDeltas('unet', adapters.unet!);
    expectDeltas('text_encoder', adapters.text_encoder!);
    expect(report.left).toEqual([]);
  });

  it('reads the older spellings', () => {
    const { adapters } = fromDiffusers(read('diffusers-old').tensors);
    for (const [part, adapter] of Object.entries(adapters)) expectDeltas(`old ${part}`, adapter);
    expect(Object.keys(adapters).sort()).toEqual(['text_encoder', 'unet']);
  });

  it('takes alphas from the settings in the metadata', () => {
    const settings = { 'unet.r': 3, 'unet.lora_alpha': 6, 'unet.alpha_pattern': { conv_in: 1 } };
    const { adapters } = fromDiffusers(read('diffusers').tensors, {
      lora_adapter_metadata: JSON.stringify(settings),
    });
    expect(adapters.unet!.config).toMatchObject({ loraAlpha: 6, alphaPattern: { 'mid_block.conv_in': 1 } });
  });

  const one = tensor([1], 1, 1);
  it.each([
    [
      'half a layer',
      { 'unet.a.lora_A.weight': one },
      'expected both factors, received "unet.a.lora_A.weight"',
    ],
    [
      'two spellings of one factor',
      { 'unet.a.lora_A.weight': one, 'unet.a.lora.down.weight': one },
      'expected each factor once',
    ],
    ['nothing that maps', { x: one }, 'expected LoRA layers of a diffusers pipeline, received "x"'],
    [
      'factors that do not fit',
      { 'unet.a.lora_A.weight': tensor([1, 1], 2, 1), 'unet.a.lora_B.weight': one },
      'lora_B: expected shape [out, 2], received [1, 1]',
    ],
  ])('refuses %s', (_, tensors, message) => {
    expect(() => fromDiffusers(tensors as RawStateDict)).toThrow(message);
  });
});

describe('toDiffusers', () => {
  it('puts the scaling into lora_B, so that it comes back as the same change', () => {
    const adapter = peftAdapter('every-layer');
    const { adapters } = fromDiffusers(toDiffusers({ transformer: adapter }).tensors);
    for (const path of adapters.transformer!.layers.keys()) {
      expectClose(layerDelta(adapters.transformer!, path), layerDelta(adapter, path), 1e-5);
    }
  });

  it('refuses a part diffusers does not have', () => {
    expect(() => toDiffusers({ llm: peftAdapter('linear') })).toThrow(
      'toDiffusers: expected a part among unet',
    );
  });
});

describe('fromMlx and toMlx', () => {
  it('turn the factors and use one scale', () => {
    const source = read('adapters').tensors;
    const { adapter, report } = fromMlx(source, mlxConfig);
    expect(report.left).toEqual([]);
    expect(adapter.config).toMatchObject({ r: 3, loraAlpha: 37.5, loraDropout: 0.05 });
    expectDeltas('mlx', adapter);
    const back = toMlx(adapter);
    expect(JSON.parse(back.config).lora_parameters).toMatchObject({ rank: 3, scale: 12.5, dropout: 0.05 });
    for (const [name, { bytes, shape }] of Object.entries(source)) {
      expect(back.tensors[name]).toMatchObject({ bytes, shape });
    }
  });

  it('put scales that differ into lora_b and report convolutions', () => {
    const adapter = peftAdapter('every-layer');
    const { tensors, config, report } = toMlx(adapter);
    expect(report.left.map(({ name }) => name).sort()).toEqual([
      'conv',
      'head.bias',
      'head.weight',
      'pointwise',
    ]);
    const { adapter: back } = fromMlx(tensors, config, { embeddings: (path) => path === 'embed' });
    for (const path of back.layers.keys())
      expectClose(layerDelta(back, path), layerDelta(adapter, path), 1e-5);
  });

  const one = tensor([1], 1, 1);
  it.each([
    [
      'a full fine-tune',
      {},
      '{"fine_tune_type":"full"}',
      'fine_tune_type: expected "lora" or "dora", received "full"',
    ],
    [
      'half a layer',
      { 'a.lora_a': one },
      '{}',
      'expected lora_a [in, r] and lora_b [r, out], received lora_a [1, 1]',
    ],
    ['no layers', {}, '{}', 'expected lora_a and lora_b of at least one module'],
    [
      'a scale that is no number',
      {},
      '{"lora_parameters":{"scale":"x"}}',
      'lora_parameters.scale: expected a number',
    ],
  ])('refuse %s', (_, tensors, config, message) => {
    expect(() => fromMlx(tensors as RawStateDict, config)).toThrow(message);
  });

  it('take a scale of 20 where none is named, as MLX does', () => {
    const { adapter } = fromMlx({ 'a.lora_a': one, 'a.lora_b': one }, '{}');
    expect([...toFloat32(layerDelta(adapter, 'a'))]).toEqual([20]);
  });
});
