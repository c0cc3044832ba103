import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromFloat32, parseSafetensors, type RawStateDict, type RawTensor } from '@weightloom/checkpoint';
import {
  type AdapterFiles,
  parseLoraAdapter,
  rankOf,
  scalings,
  serializeLoraAdapter,
} from '../../src/index.js';
import { peftAdapter, peftBytes, peftFiles } from '../fixtures.js';

const tensor = (...shape: number[]): RawTensor =>
  fromFloat32(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5), 'F32', { shape });
const config = (more: object = {}) =>
  JSON.stringify({ peft_type: 'LORA', target_modules: ['q'], r: 2, ...more });
const factors: RawStateDict = {
  'base_model.model.h.0.q.lora_A.weight': tensor(2, 3),
  'base_model.model.h.0.q.lora_B.weight': tensor(4, 2),
};
const parse = (tensors: RawStateDict, more: object = {}) =>
  parseLoraAdapter({ config: config(more), tensors, where: 'a' } satisfies AdapterFiles);

describe('parseLoraAdapter', () => {
  it('sorts factors by module', () => {
    const adapter = parse(factors);
    expect([...adapter.layers.keys()]).toEqual(['h.0.q']);
    expect(adapter.layers.get('h.0.q')).toMatchObject({
      kind: 'linear',
      a: factors['base_model.model.h.0.q.lora_A.weight'],
    });
    expect(adapter.warnings).toEqual([]);
  });

  it('accepts names without prefix and with the name of the adapter, mentions them, and writes neither', () => {
    const adapter = parse({
      'h.0.q.lora_A.default.weight': tensor(2, 3),
      'h.0.q.lora_B.default.weight': tensor(4, 2),
    });
    expect(adapter.warnings).toEqual([
      'a: 2 names lack "base_model.model.", such as "h.0.q.lora_A.default.weight"',
      'a: 2 names hold the adapter\'s own name, such as "h.0.q.lora_A.default.weight"',
    ]);
    expect(Object.keys(parseSafetensors(serializeLoraAdapter(adapter).weights).tensors)).toEqual(
      Object.keys(factors),
    );
  });

  it('looks at the last segments only: modules may be called lora_A or weight', () => {
    const adapter = parse({
      'base_model.model.lora_A.weight.q.lora_A.weight': tensor(2, 3),
      'base_model.model.lora_A.weight.q.lora_B.weight': tensor(4, 2),
    });
    expect([...adapter.layers.keys()]).toEqual(['lora_A.weight.q']);
  });

  it('reads the kinds of layers, patterns and whole modules PEFT stores', () => {
    const adapter = peftAdapter('every-layer');
    const kinds = [...adapter.layers].map(([path, layer]) => `${path} ${layer.kind} ${rankOf(layer)}`).sort();
    expect(kinds).toEqual([
      'c_attn linear 3',
      'c_proj linear 3',
      'conv conv 4',
      'embed embedding 3',
      'layers.0 linear 2',
      'layers.1 linear 3',
      'pointwise conv 3',
    ]);
    expect([...adapter.saved.keys()].sort()).toEqual(['head.bias', 'head.weight']);
    const scale = scalings(adapter.config);
    expect(scale('layers.0')).toBeCloseTo(5 / Math.sqrt(2), 12);
    expect(scale('layers.1')).toBeCloseTo(1.5 / Math.sqrt(3), 12);
    expect(scale('c_attn')).toBeCloseTo(7 / Math.sqrt(3), 12);
  });

  it.each([
    [
      'only one factor',
      { 'base_model.model.h.0.q.lora_A.weight': tensor(2, 3) },
      {},
      'and tensors of LoRA, received no "h.0.q.lora_B.weight"',
    ],
    [
      'names with mistakes: all of them, with what to rename',
      {
        'base_model.model.h.0.q.lora_A.weight': tensor(2, 3),
        'base_model.model.h.0.q.lora_b.weight': tensor(4, 2),
        'base_model.model.h.1.q.lora_A.weight': tensor(2, 3),
        'base_model.model.h.1.q.lora_X': tensor(4, 2),
        'base_model.model.h.2.q.lora_B.weight': tensor(4, 2),
        'base_model.model.h.2.q.loraA.weight': tensor(2, 3),
      },
      {},
      'received no "h.0.q.lora_B.weight", "h.1.q.lora_B.weight", "h.2.q.lora_A.weight"; unexpected "h.0.q.lora_b.weight", ' +
        '"h.1.q.lora_X"; rename "h.0.q.lora_b.weight" to "h.0.q.lora_B.weight", ' +
        '"h.2.q.loraA.weight" to "h.2.q.lora_A.weight"',
    ],
    [
      'a rank that is not configured',
      factors,
      { r: 4 },
      'a: "h.0.q": lora_A: expected rank 4, as r and rank_pattern say, received 2 in shape [2, 3]',
    ],
    [
      'ranks that differ',
      { ...factors, 'base_model.model.h.0.q.lora_B.weight': tensor(4, 3) },
      {},
      'lora_B: expected shape [out, 2], received [4, 3]',
    ],
    [
      'a factor of one axis',
      { ...factors, 'base_model.model.h.0.q.lora_A.weight': tensor(2) },
      {},
      'lora_A: expected shape [r, in], received [2]',
    ],
    [
      'an empty factor',
      { ...factors, 'base_model.model.h.0.q.lora_A.weight': tensor(2, 0) },
      {},
      'expected a shape without zeros',
    ],
    [
      'whole-number factors',
      { ...factors, 'base_model.model.h.0.q.lora_A.weight': { ...tensor(2, 3), dtype: 'I32' } },
      {},
      'expected a floating dtype, received I32',
    ],
    [
      'a module that is no target',
      factors,
      { target_modules: ['v'] },
      'expected factors of target modules only, received "h.0.q"',
    ],
    [
      'a missing magnitude',
      factors,
      { use_dora: true },
      'lora_magnitude_vector: expected one, as use_dora is true, received none',
    ],
    [
      'a magnitude nobody asked for',
      { ...factors, 'base_model.model.h.0.q.lora_magnitude_vector': tensor(4) },
      {},
      'expected none, as use_dora is false',
    ],
    [
      'a bias nobody asked for',
      { ...factors, 'base_model.model.h.0.q.lora_B.bias': tensor(4) },
      {},
      'expected none, as lora_bias is false',
    ],
    [
      'AdaLoRA',
      { ...factors, 'base_model.model.h.0.q.lora_E': tensor(2, 1) },
      {},
      'and tensors of LoRA, received unexpected "h.0.q.lora_E"',
    ],
    [
      'no factors',
      { 'base_model.model.head.weight': tensor(2) },
      {},
      'expected lora_A and lora_B of at least one module, received none',
    ],
    [
      'tokens nobody asked for',
      { ...factors, 'base_model.model.e.token_adapter.trainable_tokens_delta': tensor(2, 3) },
      {},
      'expected trainable_token_indices for it, received none',
    ],
  ])('refuses %s', (_, tensors, more, message) => {
    expect(() => parse(tensors as RawStateDict, more)).toThrow(message);
  });

  it('refuses a factor that comes twice under two spellings', () => {
    const twice = { ...factors, 'h.0.q.lora_A.weight': tensor(2, 3) };
    expect(() => parse(twice)).toThrow('expected each factor once, received it twice');
  });
});

describe('serializeLoraAdapter', () => {
  const names = readdirSync(new URL('../__fixtures__/peft/', import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'combine')
    .map(({ name }) => name)
    .filter((name) => peftFiles(name).config.includes('"LORA"'));

  it.each(names)('writes the bytes that PEFT wrote: %s', (name) => {
    const { config: text, weights } = serializeLoraAdapter(peftAdapter(name));
    expect(Buffer.from(weights).equals(peftBytes(`${name}/adapter_model.safetensors`))).toBe(true);
    expect(text).toBe(peftFiles(name).config);
  });
});
