import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toFloat32 } from '@weightloom/checkpoint';
import { loadSafetensors } from '@weightloom/checkpoint/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeRecipe } from '../../src/node/index.js';
import { makeExampleModels, makeTinyModel, tinyWeights } from '../tiny-models.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizers-'));
  await makeExampleModels(folder);
});
afterAll(async () => rm(folder, { recursive: true }));

let count = 0;
/** Rows of the embeddings after a merge, where only the first model has weight. */
async function rows(more: string, models = ['models/chat', 'models/tools']) {
  const output = join(folder, `out-${count++}`);
  const list = models.map(
    (model, i) => `  - { model: ${model}, parameters: { weight: ${i === 0 ? 1 : 0} } }`,
  );
  const recipe = `merge_method: linear\nmodels:\n${list.join('\n')}\nbase_model: models/base\n${more}`;
  await mergeRecipe(recipe, { output, cwd: folder });
  const { tensors } = await loadSafetensors(output);
  return { output, list: split(toFloat32(tensors['model.embed_tokens.weight']!)) };
}
const split = (values: Float32Array) =>
  Array.from({ length: values.length / 4 }, (_, i) => Array.from(values.subarray(4 * i, 4 * i + 4)));
const embedding = (name: string, vocabulary: number) =>
  split(toFloat32(tinyWeights(name, vocabulary)['model.embed_tokens.weight']!));

describe('the tokenizer section', () => {
  it('orders the rows of a model by the vocabulary of another', async () => {
    const { list, output } = await rows('tokenizer_source: models/tools', ['models/chat', 'models/tools']);
    const [chat, tools] = [embedding('chat', 10), embedding('tools', 11)];
    // <|call|> and <|end|> are only in tools, which lends its rows; t9 … t1 are in both.
    expect(list[0]).toEqual(tools[0]);
    expect(list.slice(1, 10)).toEqual(chat.slice(1).reverse());
    expect(list[10]).toEqual(tools[10]);
    const tokenizer = await readFile(join(output, 'tokenizer.json'), 'utf8');
    expect(tokenizer).toBe(await readFile(join(folder, 'models/tools/tokenizer.json'), 'utf8'));
  });

  it('drops tokens that the base does not have', async () => {
    const { list } = await rows('tokenizer_source: base');
    expect(list).toEqual(embedding('chat', 10));
  });

  it('takes the row of the base where several models have a token that one lacks', async () => {
    const { list } = await rows('tokenizer_source: base', ['models/tools', 'models/chat']);
    const [base, tools] = [embedding('base', 10), embedding('tools', 11)];
    expect(list[0]).toEqual(base[0]);
    expect(list[9]).toEqual(tools[1]);
  });

  it('takes rows as the recipe says', async () => {
    const { list } = await rows(`tokenizer:
  source: union
  pad_to_multiple_of: 7
  tokens:
    <|call|>: { source: { kind: zero } }
    <|end|>: { source: { kind: model_token, model: models/chat, token: t3 } }
    t1: { source: { kind: model_token, model: models/tools, token_id: 4 } }
    t2: { source: { kind: model_token, model: models/tools, token_id: 4 }, force: true }`);
    const [chat, tools] = [embedding('chat', 10), embedding('tools', 11)];
    expect(list).toHaveLength(14);
    expect(list[10]).toEqual([0, 0, 0, 0]);
    expect(list[11]).toEqual(chat[3]);
    expect(list[1]).toEqual(chat[1]);
    expect(list[2]).toEqual(tools[4]);
    const mean = [0, 1, 2, 3].map((j) => chat.reduce((sum, row) => sum + row[j]! / 10, 0));
    for (const row of [list[12]!, list[13]!]) row.forEach((x, j) => expect(x).toBeCloseTo(mean[j]!, 6));
  });

  it('does not count ids beyond the vocabulary of the config', async () => {
    // The tokenizer of "long" has a token more than its embedding has rows.
    const path = await makeTinyModel(folder, 'models/long');
    const file = join(path, 'tokenizer.json');
    const json = JSON.parse(await readFile(file, 'utf8')) as { model: { vocab: Record<string, number> } };
    json.model.vocab.t10 = 10;
    await writeFile(file, JSON.stringify(json));
    const { list } = await rows('tokenizer_source: models/long', ['models/long', 'models/chat']);
    expect(list[10]).toEqual([0, 0, 0, 0]);
  });

  it('refuses tokens that are not there, and models without a vocabulary', async () => {
    await expect(rows('tokenizer: { tokens: { nope: { source: { kind: zero } } } }')).rejects.toThrow(
      /recipe:\d+:\d+: expected a token of the output vocabulary, received "nope"/,
    );
    await expect(
      rows(
        'tokenizer: { tokens: { <|call|>: { source: { kind: model_token, model: models/chat, token: x } } } }',
      ),
    ).rejects.toThrow('expected a token "x" in models/chat, for "<|call|>", received none');
    await expect(
      rows(
        'tokenizer: { tokens: { <|call|>: { source: { kind: model_token, model: models/chat, token_id: 10 } } } }',
      ),
    ).rejects.toThrow('expected a token 10 in models/chat, for "<|call|>", received none');
    const path = await makeTinyModel(folder, 'models/mute');
    await rm(join(path, 'tokenizer.json'));
    await expect(rows('tokenizer_source: base', ['models/mute', 'models/chat'])).rejects.toThrow(
      'models/mute: expected a vocabulary in tokenizer.json, vocab.json or vocab.txt, received none of these files',
    );
  });

  it('reads vocab.json, and lists of tokens with scores', async () => {
    const vocabulary = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`t${9 - i}`, i]));
    const path = await makeTinyModel(folder, 'models/slow');
    await rm(join(path, 'tokenizer.json'));
    await writeFile(join(path, 'vocab.json'), JSON.stringify(vocabulary));
    const slow = await rows('tokenizer_source: base', ['models/slow', 'models/chat']);
    expect(slow.list).toEqual(embedding('slow', 10).reverse());

    const unigram = await makeTinyModel(folder, 'models/unigram');
    const list = Object.keys(vocabulary).map((token) => [token, -1.5]);
    await writeFile(
      join(unigram, 'tokenizer.json'),
      JSON.stringify({ model: { type: 'Unigram', vocab: list } }),
    );
    const scored = await rows('tokenizer_source: base', ['models/unigram', 'models/chat']);
    expect(scored.list).toEqual(embedding('unigram', 10).reverse());
    await expect(
      rows('tokenizer_source: union', ['models/chat', 'models/unigram', 'models/tools']),
    ).rejects.toThrow('models/unigram: tokenizer.json: expected a tokenizer of the kind of models/base');
  });
});
