import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromFloat32, type RawStateDict, toFloat32 } from '@weightloom/checkpoint';
import { loadSafetensors } from '@weightloom/checkpoint/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeRecipe } from '../../src/node/index.js';
import { makeTinyModel } from '../tiny-models.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'layers-'))));
afterAll(async () => rm(folder, { recursive: true }));

/** Tensors of one number each. */
const numbers = (entries: Record<string, number>): RawStateDict =>
  Object.fromEntries(
    Object.entries(entries).map(([name, value]) => [name, fromFloat32(Float32Array.of(value), 'F32')]),
  );

let count = 0;
async function merge(recipe: string) {
  const output = join(folder, `out-${count++}`);
  const results = await mergeRecipe(recipe, { output, cwd: folder });
  const { tensors } = await loadSafetensors(output);
  const values = Object.fromEntries(Object.entries(tensors).map(([name, raw]) => [name, toFloat32(raw)[0]]));
  const config = JSON.parse(await readFile(join(output, 'config.json'), 'utf8')) as Record<string, unknown>;
  return { values, config, plan: results[0]!.plan, tensors };
}

describe('slices of models', () => {
  it('of GPT-2 take embeddings from the first slice, and the end from the last', async () => {
    for (const [name, sign] of [
      ['gpt-a', 1],
      ['gpt-b', -1],
    ] as const) {
      await makeTinyModel(folder, name, {
        weights: numbers({
          'transformer.wte.weight': sign,
          'transformer.wpe.weight': 2 * sign,
          'transformer.h.0.mlp.c_fc.weight': 10 * sign,
          'transformer.h.1.mlp.c_fc.weight': 11 * sign,
          'transformer.h.0.attn.bias': 7,
          'transformer.ln_f.weight': 3 * sign,
        }),
        config: { architectures: ['GPT2LMHeadModel'], model_type: 'gpt2', n_layer: 2 },
      });
    }
    const { values, config } = await merge(`
merge_method: passthrough
slices:
  - sources: [{ model: gpt-a, layer_range: [0, 2] }]
  - sources: [{ model: gpt-b, layer_range: [1, 2] }]
`);
    expect(values).toEqual({
      'transformer.wte.weight': 1,
      'transformer.wpe.weight': 2,
      'transformer.h.0.mlp.c_fc.weight': 10,
      'transformer.h.1.mlp.c_fc.weight': 11,
      'transformer.h.2.mlp.c_fc.weight': -11,
      'transformer.ln_f.weight': -3,
    });
    expect(config.n_layer).toBe(3);
  });

  it('of BERT are cut from its encoder', async () => {
    await makeTinyModel(folder, 'bert', {
      weights: numbers({
        'bert.embeddings.word_embeddings.weight': 1,
        'bert.encoder.layer.0.output.dense.weight': 10,
        'bert.encoder.layer.1.output.dense.weight': 11,
        'bert.pooler.dense.weight': 2,
      }),
      config: { architectures: ['BertModel'], model_type: 'bert', num_hidden_layers: 2 },
    });
    const { values } = await merge(
      'merge_method: passthrough\nslices: [{ sources: [{ model: bert, layer_range: [1, 2] }] }]',
    );
    expect(values).toEqual({
      'bert.embeddings.word_embeddings.weight': 1,
      'bert.encoder.layer.0.output.dense.weight': 11,
      'bert.pooler.dense.weight': 2,
    });
  });

  it('carry lists with an entry per layer along', async () => {
    await makeTinyModel(folder, 'mixed', {
      weights: numbers({ 'model.layers.0.w': 0, 'model.layers.1.w': 1, 'model.layers.2.w': 2 }),
      config: { num_hidden_layers: 3, layer_types: ['full', 'sliding', 'linear'], other: [1, 2] },
    });
    const { config } = await merge(
      'merge_method: passthrough\nslices: [{ sources: [{ model: mixed, layer_range: [1, 3] }] }, { sources: [{ model: mixed, layer_range: [0, 2] }] }]',
    );
    expect(config).toMatchObject({
      num_hidden_layers: 4,
      layer_types: ['sliding', 'linear', 'full', 'sliding'],
      other: [1, 2],
    });
  });

  it('of models nobody has heard of are cut by the pattern of their names', async () => {
    await makeTinyModel(folder, 'strange', {
      weights: numbers({ 'in.embedding.weight': 1, 'body.0.w': 5, 'body.1.w': 6, 'out.w': 2 }),
      config: { architectures: ['Strange'], model_type: 'strange' },
    });
    const { values } = await merge(
      'merge_method: passthrough\nslices: [{ sources: [{ model: strange, layer_range: [1, 2], parameters: { scale: 2 } }] }]',
    );
    expect(values).toEqual({ 'in.embedding.weight': 2, 'body.0.w': 12, 'out.w': 4 });
  });

  it('are refused where a model has several stacks of layers', async () => {
    await makeTinyModel(folder, 'two-stacks', {
      weights: numbers({ 'encoder.0.w': 1, 'encoder.1.w': 1, 'decoder.0.w': 2, 'decoder.1.w': 2 }),
      config: { architectures: ['Two'], model_type: 'two' },
    });
    await expect(
      merge('merge_method: passthrough\nslices: [{ sources: [{ model: two-stacks, layer_range: [0, 1] }] }]'),
    ).rejects.toThrow(
      'expected one stack of layers in two-stacks, to cut slices from, received "decoder" with 2, "encoder" with 2; name the parts of the model under modules',
    );
  });

  it('copy every bit where nothing is computed, NaN included', async () => {
    const weights = { 'model.layers.0.w': fromFloat32(Float32Array.of(NaN, 1), 'F16') };
    await makeTinyModel(folder, 'not-a-number', { weights });
    const { tensors } = await merge(
      'merge_method: passthrough\nslices: [{ sources: [{ model: not-a-number, layer_range: [0, 1] }] }]',
    );
    expect(tensors['model.layers.0.w']).toEqual(weights['model.layers.0.w']);
  });
});

describe('modules of models', () => {
  const vision = (sign: number) =>
    numbers({
      'language_model.model.layers.0.w': sign,
      'language_model.model.layers.1.w': 2 * sign,
      'language_model.lm_head.weight': 3 * sign,
      'vision_tower.blocks.0.w': 4 * sign,
      'multi_modal_projector.w': 5 * sign,
    });

  it('are merged each by itself; what no module names comes from the base', async () => {
    await makeTinyModel(folder, 'llava-a', {
      weights: vision(1),
      config: { architectures: ['Llava'], model_type: 'llava' },
    });
    await makeTinyModel(folder, 'llava-b', {
      weights: vision(-1),
      config: { architectures: ['Llava'], model_type: 'llava' },
    });
    const recipe = `
merge_method: linear
base_model: llava-a
modules:
  text_decoder:
    models:
      - { model: llava-a, parameters: { weight: [1, 0] } }
      - { model: llava-b, parameters: { weight: [0, 1] } }
  vision_tower:
    models: [{ model: llava-b }]
    parameters: { weight: 2 }
`;
    expect((await merge(recipe)).values).toEqual({
      'language_model.model.layers.0.w': 1,
      'language_model.model.layers.1.w': -2,
      'language_model.lm_head.weight': 3,
      'vision_tower.blocks.0.w': -4,
      'multi_modal_projector.w': 5,
    });
    await expect(merge(recipe.replace('base_model: llava-a', ''))).rejects.toThrow(
      'expected modules that cover the whole model, or a base_model to take the rest from, received none for "multi_modal_projector.w"',
    );
    await expect(merge(recipe.replace('vision_tower', 'audio_tower'))).rejects.toThrow(
      'expected tensors of a module "audio_tower" in llava-b',
    );
  });
});
