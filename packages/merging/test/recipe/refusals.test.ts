import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromFloat32, fromIntegers, type RawStateDict } from '@weightloom/checkpoint';
import { loadSafetensors } from '@weightloom/checkpoint/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeRecipe } from '../../src/node/index.js';
import { makeExampleModels, makeTinyAdapter, makeTinyModel, tinyWeights } from '../tiny-models.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recipe-errors-'));
  await makeExampleModels(folder);
});
afterAll(async () => rm(folder, { recursive: true }));

let count = 0;
/** Merges, and makes sure that a merge that fails leaves nothing under its final name. */
async function merge(recipe: string, options: Partial<Parameters<typeof mergeRecipe>[1]> = {}) {
  const output = join(folder, `out-${count++}`);
  try {
    return { output, results: await mergeRecipe(recipe, { output, cwd: folder, ...options }) };
  } catch (error) {
    expect(await readdir(output).catch(() => [])).toEqual([]);
    throw error;
  }
}
const two = (a: string, b: string, more = '') => `
merge_method: linear
models:
  - { model: ${a}, parameters: { weight: 1 } }
  - { model: ${b}, parameters: { weight: 1 } }
${more}`;

const without = (weights: RawStateDict, name: string): RawStateDict =>
  Object.fromEntries(Object.entries(weights).filter(([key]) => key !== name));

describe('models that do not fit a recipe', () => {
  it('are refused when they lack a tensor, by name', async () => {
    const weights = without(tinyWeights('short'), 'model.norm.weight');
    await makeTinyModel(folder, 'models/short', { weights });
    await expect(merge(two('models/chat', 'models/short'))).rejects.toThrow(
      'models/short: expected the tensors that the other models have, received a model without "model.norm.weight"',
    );
  });

  it('may lack tensors with tensors "intersection", and share them with "union"', async () => {
    const recipe = two('models/chat', 'models/short');
    const { results } = await merge(recipe, { tensors: 'intersection' });
    expect(results[0]!.plan.tensors).toHaveLength(38);
    expect(results[0]!.plan.warnings).toEqual(['left out, as not all models have them: "model.norm.weight"']);
    const { output } = await merge(recipe, { tensors: 'union' });
    const { tensors } = await loadSafetensors(output);
    expect(tensors['model.norm.weight']).toEqual(tinyWeights('chat')['model.norm.weight']);
  });

  it('are refused when a shape differs, with both shapes', async () => {
    const weights = { ...tinyWeights('wide'), 'model.norm.weight': fromFloat32(new Float32Array(5), 'F32') };
    await makeTinyModel(folder, 'models/wide', { weights });
    await expect(merge(two('models/chat', 'models/wide'))).rejects.toThrow(
      'models/wide: "model.norm.weight": expected shape [4] as in models/chat: "model.norm.weight", received [5]',
    );
  });

  it('are refused when vocabularies differ, with two ways out', async () => {
    await expect(merge(two('models/chat', 'models/tools'))).rejects.toThrow(
      'expected shape [10, 4] as in models/chat: "lm_head.weight", received [11, 4]; give the recipe a tokenizer section, or allow vocabularies to be truncated',
    );
    const { results } = await merge(two('models/chat', 'models/tools'), { truncateVocabulary: true });
    expect(results[0]!.plan.warnings).toContain(
      '"model.embed_tokens.weight" is cut to 10 rows, the vocabulary that all models have; tokens beyond have none',
    );
    // The configuration of "tools" says 11.
    const { output } = await merge(two('models/tools', 'models/chat'), { truncateVocabulary: true });
    expect(JSON.parse(await readFile(join(output, 'config.json'), 'utf8'))).toMatchObject({ vocab_size: 10 });
  });

  it('are refused when their architectures differ, unless crimes are allowed', async () => {
    await makeTinyModel(folder, 'models/mistral', { config: { architectures: ['MistralForCausalLM'] } });
    await expect(merge(two('models/chat', 'models/mistral'))).rejects.toThrow(
      'expected models of one architecture, LlamaForCausalLM as in models/chat, received MistralForCausalLM in models/mistral',
    );
    await expect(merge(two('models/chat', 'models/mistral'), { allowCrimes: true })).resolves.toBeDefined();
  });

  it('may lack a config, as single files do', async () => {
    await expect(merge(two('models/chat', 'models/code/model.safetensors'))).resolves.toBeDefined();
    await expect(merge(two('models/chat/model.safetensors', 'models/code'))).resolves.toBeDefined();
  });

  it('are refused when they are quantised', async () => {
    const weights: RawStateDict = {
      ...tinyWeights('small'),
      'model.norm.weight': fromIntegers([1, 2, 3, 4], 'I8'),
    };
    await makeTinyModel(folder, 'models/small', {
      weights,
      config: { quantization_config: { quant_method: 'gptq' } },
    });
    await expect(merge(two('models/chat', 'models/small'))).rejects.toThrow(
      'models/small: config.json: expected a model in floating point, received one quantised by gptq; merge the model that it was made from',
    );
  });

  it('are refused when they hold NaN, by tensor and element', async () => {
    const weights = { ...tinyWeights('nan') };
    weights['model.norm.weight'] = fromFloat32(Float32Array.of(1, NaN, 1, 1), 'F32');
    await makeTinyModel(folder, 'models/nan', { weights });
    await expect(merge(two('models/chat', 'models/nan'))).rejects.toThrow(
      'linear: models/nan: "model.norm.weight": expected finite values (allowNonFinite lets others through), received NaN at element 1',
    );
  });

  it('are refused when an output layer is tied in some and not found in others, and merged when it is', async () => {
    const weights = without(tinyWeights('tied'), 'lm_head.weight');
    await makeTinyModel(folder, 'models/tied', { weights, config: { tie_word_embeddings: true } });
    await makeTinyModel(folder, 'models/headless', { weights });
    await expect(merge(two('models/chat', 'models/headless'))).rejects.toThrow('without "lm_head.weight"');
    const { output } = await merge(two('models/tied', 'models/chat'));
    const { tensors } = await loadSafetensors(output);
    expect(Object.keys(tensors)).toContain('lm_head.weight');
    const config = JSON.parse(
      new TextDecoder().decode(await readFile(join(output, 'config.json'))),
    ) as object;
    expect(config).toMatchObject({ tie_word_embeddings: false });
  });

  it('are refused when they are not there', async () => {
    await expect(merge(two('models/chat', 'models/none/at/all'))).rejects.toThrow(
      'expected a file or folder',
    );
  });

  it('are refused when their adapter is for another model', async () => {
    await makeTinyAdapter(folder, 'adapters/other');
    await makeTinyModel(folder, 'models/odd', { weights: { w: fromFloat32(Float32Array.of(1), 'F32') } });
    await expect(merge(two('models/odd+adapters/other', 'models/odd'))).rejects.toThrow(
      'expected a base with every adapted module',
    );
  });

  it('are refused as their own output', async () => {
    const output = join(folder, 'models/chat');
    await expect(mergeRecipe(two('models/chat', 'models/code'), { output, cwd: folder })).rejects.toThrow(
      'expected an output apart from the models, received models/chat',
    );
  });
});

describe('recipes that do not fit their method', () => {
  it('are refused without a base where one is needed', async () => {
    await expect(merge(two('models/chat', 'models/code').replace('linear', 'ties'))).rejects.toThrow(
      'recipe:2:1: expected a base_model for ties, received none',
    );
  });

  it('are refused with another number of models', async () => {
    await expect(
      merge(two('models/chat', 'models/code', 'base_model: models/base').replace('linear', 'slerp')),
    ).rejects.toThrow(
      'expected exactly 2 models for slerp, received 3; models/base is none of the models listed, so that it counts beside them',
    );
    await expect(
      merge(two('models/chat', 'models/base', 'base_model: models/base').replace('linear', 'model_stock')),
    ).rejects.toThrow('expected at least 2 models beside the base for model_stock, received 1');
  });

  it('are refused without a parameter that the method needs, naming model and tensor', async () => {
    await expect(merge(two('models/chat', 'models/code').replace('{ weight: 1 }', '{}'))).rejects.toThrow(
      'models/chat: "lm_head.weight": expected the parameter "weight", received none',
    );
    await expect(
      merge(
        two(
          'models/chat',
          'models/code',
          'base_model: models/chat\nparameters: { t: [{ filter: mlp, value: 1 }] }',
        ).replace('linear', 'slerp'),
      ),
    ).rejects.toThrow('expected the parameter "t", received none');
  });

  it('are refused with parameters out of range', async () => {
    await expect(
      merge(
        two('models/chat', 'models/code', 'base_model: models/chat\nparameters: { t: 2 }').replace(
          'linear',
          'slerp',
        ),
      ),
    ).rejects.toThrow('expected t to be a number from 0 to 1, received 2');
    await expect(
      merge(two('models/chat', 'models/code').replace('weight: 1', 'weight: heavy')),
    ).rejects.toThrow('parameter "weight" for "lm_head.weight": expected a number, received "heavy"');
  });

  it('are noted when they carry parameters of another method', async () => {
    const { results } = await merge(
      two('models/chat', 'models/code', 'parameters: { rescale: true, int8_mask: true }'),
    );
    expect(results[0]!.plan.warnings).toEqual(['linear has no use for the parameters "rescale"']);
  });

  it('are refused when a slice asks for layers that are not there', async () => {
    await expect(
      merge(
        'merge_method: passthrough\nslices: [{ sources: [{ model: models/chat, layer_range: [2, 6] }] }]',
      ),
    ).rejects.toThrow('models/chat: expected a layer 4, as the slice asks for, received 4 layers');
  });

  it('are refused for a seed that is not whole', async () => {
    await expect(merge(two('models/chat', 'models/code'), { seed: -1 })).rejects.toThrow(
      'expected seed to be a whole number of at least 0, received -1',
    );
  });

  it('are refused for a chat template that is misspelt', async () => {
    await expect(merge(two('models/chat', 'models/code', 'chat_template: chatlm'))).rejects.toThrow(
      'expected auto, alpaca, chatml, llama3, mistral, exaone, or a Jinja template, received "chatlm"; did you mean "chatml"?',
    );
  });
});

describe('random masks', () => {
  const dare = (first: string, second: string, seed: number) =>
    merge(
      `
merge_method: dare_linear
base_model: models/base
models:
  - { model: ${first}, parameters: { weight: 1, density: 0.5 } }
  - { model: ${second}, parameters: { weight: 0, density: 0.5 } }
`,
      { seed },
    );
  const tensorOf = async ({ output }: { output: string }) =>
    (await loadSafetensors(output)).tensors['model.layers.2.mlp.up_proj.weight'];

  it('depend on the seed and on the position in the recipe, and on nothing else', async () => {
    const first = await tensorOf(await dare('models/chat', 'models/code', 1));
    expect(await tensorOf(await dare('models/chat', 'models/math', 1))).toEqual(first);
    expect(await tensorOf(await dare('models/chat', 'models/code', 2))).not.toEqual(first);
    // The same models in the same places, cut otherwise.
    const small = await merge(
      `
merge_method: dare_linear
base_model: models/base
slices:
  - sources:
      - { model: models/chat, layer_range: [0, 4], parameters: { weight: 1, density: 0.5 } }
      - { model: models/base, layer_range: [0, 4] }
      - { model: models/code, layer_range: [0, 4], parameters: { weight: 0, density: 0.5 } }
`,
      { seed: 1, memoryLimit: 1, maxShardSize: 1000 },
    );
    expect(await tensorOf(small)).toEqual(first);
  });
});
