import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fromFloat32, type RawStateDict, toFloat32 } from '@weightloom/checkpoint';
import { loadSafetensors } from '@weightloom/checkpoint/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeRecipe } from '../../src/node/index.js';
import { makeExampleModels, makeTinyAdapter, makeTinyModel, tinyWeights } from '../tiny-models.js';

type Golden = Record<string, Record<string, number[]>>;
const { expected, bfloat16 } = JSON.parse(
  readFileSync(new URL('../golden/recipes.json', import.meta.url), 'utf8'),
) as { expected: Golden; bfloat16: Golden };
const examples = new URL('../../examples/', import.meta.url);
const names = readdirSync(examples)
  .filter((file) => file.endsWith('.yml'))
  .map((file) => basename(file, '.yml'));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recipes-'));
  await makeExampleModels(folder);
});
afterAll(async () => rm(folder, { recursive: true }));

const merge = async (name: string) => {
  const output = join(folder, 'out', name);
  const recipe = readFileSync(new URL(`${name}.yml`, examples), 'utf8');
  const results = await mergeRecipe(recipe, { output, cwd: folder, label: `${name}.yml`, overwrite: true });
  return { output, plan: results.at(-1)!.plan };
};
const json = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;

describe('the example recipes', () => {
  it('are all compared with the numbers of a numpy program', () => {
    expect(names.sort()).toEqual(Object.keys(expected).sort());
  });

  it.each(names)('%s gives those numbers to 1e-6', async (name) => {
    const { output } = await merge(name);
    const { tensors } = await loadSafetensors(output);
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(expected[name]!).sort());
    for (const [tensor, list] of Object.entries(expected[name]!)) {
      const merged = toFloat32(tensors[tensor]!);
      expect(merged.length).toBe(list.length);
      const gaps = list.map((value, i) => Math.abs(merged[i]! - value));
      expect(Math.max(...gaps), tensor).toBeLessThan(1e-6);
    }
  });

  it.each([
    ['folded in bfloat16', undefined],
    ['folded in float32', 'F32'],
  ] as const)('merge bfloat16 models with an adapter %s as numpy does', async (kind, adapterDtype) => {
    const place = await mkdtemp(join(folder, 'half-'));
    for (const name of ['base', 'chat']) {
      const weights = Object.entries(tinyWeights(name)).map(([tensor, raw]) => [
        tensor,
        fromFloat32(toFloat32(raw), 'BF16', { shape: raw.shape }),
      ]);
      await makeTinyModel(place, `models/${name}`, { weights: Object.fromEntries(weights) as RawStateDict });
    }
    await makeTinyAdapter(place, 'adapters/poet');
    const output = join(place, 'out');
    const recipe = readFileSync(new URL('adapter.yml', examples), 'utf8');
    await mergeRecipe(recipe, { output, cwd: place, adapterDtype });
    const { tensors } = await loadSafetensors(output);
    const other = bfloat16[kind === 'folded in bfloat16' ? 'folded in float32' : 'folded in bfloat16']!;
    for (const [tensor, list] of Object.entries(bfloat16[kind]!)) {
      const merged = toFloat32(tensors[tensor]!);
      const gap = (numbers: number[]) => Math.max(...numbers.map((value, i) => Math.abs(merged[i]! - value)));
      expect(gap(list), tensor).toBeLessThan(1e-6);
      expect(gap(other[tensor]!), tensor).toBeGreaterThan(1e-4);
    }
  });

  it('write configuration, tokenizer, recipe and model card beside the weights', async () => {
    const { output } = await merge('linear');
    expect(readdirSync(output).sort()).toEqual([
      'README.md',
      'config.json',
      'mergekit_config.yml',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    const config = await readFile(join(output, 'config.json'), 'utf8');
    expect(config).toContain('"torch_dtype": "bfloat16"');
    expect(config).toContain('"rope_theta": 10000.0');
    expect(await readFile(join(output, 'mergekit_config.yml'), 'utf8')).toContain('merge_method: linear');
    expect(await readFile(join(output, 'README.md'), 'utf8')).toContain('- "models/chat"');
  });

  it('write the number of layers that a stack has', async () => {
    const { output } = await merge('frankenmerge');
    expect((await json(join(output, 'config.json'))).num_hidden_layers).toBe(6);
  });

  it('write the vocabulary, and the chat template that is asked for', async () => {
    const { output } = await merge('tokenizer-union');
    expect((await json(join(output, 'config.json'))).vocab_size).toBe(16);
    const tokenizer = (await json(join(output, 'tokenizer.json'))) as {
      added_tokens: { id: number; content: string }[];
      model: { vocab: Record<string, number> };
    };
    expect(tokenizer.added_tokens.map(({ id, content }) => [id, content])).toEqual([
      [10, '<|call|>'],
      [11, '<|end|>'],
    ]);
    expect(Object.keys(tokenizer.model.vocab)).toHaveLength(10);
    expect((await json(join(output, 'tokenizer_config.json'))).chat_template).toContain('<|im_start|>');
  });
});
