import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  memoryTarget,
  parseSafetensors,
  serializeSafetensors,
  type RawStateDict,
} from '@weightloom/checkpoint';
import { folderTarget, openCheckpoint } from '@weightloom/checkpoint/node';
import { key, tensor, type Tensor, tidy } from '@weightloom/tensor-gpu';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adamw,
  fit,
  gpt2,
  type LoadedLanguageModel,
  loadLanguageModel,
  type LoadLanguageModelOptions,
  saveLanguageModel,
  softmaxCrossEntropy,
} from '../../src/index.js';
import golden from '../golden/language.json' with { type: 'json' };
import { expectClose } from '../helpers.js';

type Name = keyof typeof golden.logits;
const folderOf = (name: Name): string =>
  fileURLToPath(new URL(`../golden/language/${name}`, import.meta.url));
const tokens = tensor(golden.tokens, undefined, 'int32');

async function load(folder: string, options?: LoadLanguageModelOptions): Promise<LoadedLanguageModel> {
  await using checkpoint = await openCheckpoint(folder);
  return await loadLanguageModel(checkpoint, options);
}
const logitsOf = ({ model, params }: LoadedLanguageModel): Tensor => tidy(() => model.apply(params, tokens));

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'nn-'));
});
afterAll(() => rm(scratch, { recursive: true }));

describe.each(['gpt2', 'llama', 'qwen2', 'mistral', 'qwen2-sliding'] as const)('a %s folder', (name) => {
  it('gives the logits of an independent forward pass', async () => {
    expectClose(logitsOf(await load(folderOf(name))), golden.logits[name], 1e-5);
  });

  it('gives them from weights kept as they are stored', async () => {
    const loaded = await load(folderOf(name), { weights: 'stored' });
    expectClose(logitsOf(loaded), golden.logits[name], 1e-5);
    const dtypes = new Set(Object.values(loaded.params).map((t) => t.dtype));
    expect([...dtypes]).toEqual([name === 'llama' ? 'bfloat16' : 'float32']);
  });

  it('is saved to the same tensors and files, and can be loaded again', async () => {
    const loaded = await load(folderOf(name));
    const target = join(scratch, name);
    await saveLanguageModel({ target: folderTarget(target), loaded });
    const [before, after] = await Promise.all(
      [folderOf(name), target].map(async (folder) =>
        parseSafetensors(await readFile(join(folder, 'model.safetensors'))),
      ),
    );
    expect(Object.keys(after.tensors).sort()).toEqual(Object.keys(before.tensors).sort());
    for (const [path, raw] of Object.entries(before.tensors)) expect(after.tensors[path]).toEqual(raw);
    expect(await readFile(join(target, 'config.json'))).toEqual(
      await readFile(join(folderOf(name), 'config.json')),
    );
    expectClose(logitsOf(await load(target)), golden.logits[name], 1e-5);
  });

  it('can be fine-tuned and saved in another dtype', async () => {
    const loaded = await load(folderOf(name));
    const { params, losses } = await fit({
      model: loaded.model,
      params: loaded.params,
      loss: softmaxCrossEntropy,
      data: { inputs: tokens, targets: tokens },
      optimizer: adamw({ learningRate: 0.01 }),
      steps: 30,
      key: key(0),
    });
    expect(losses.at(-1)).toBeLessThan(losses[0] / 2);
    const target = join(scratch, `${name}-bf16`);
    await saveLanguageModel({
      target: folderTarget(target),
      loaded,
      params,
      dtype: 'BF16',
      maxShardSize: '2KB',
    });
    const again = await load(target);
    expect(new Set(Object.values(again.dtypes))).toEqual(new Set(['BF16']));
    expect(again.config['torch_dtype']).toBe('bfloat16');
    expectClose(logitsOf(again), [...logitsOf({ ...loaded, params }).dataSync()], 0.1);
  });
});

describe('loadLanguageModel', () => {
  it('reads the tokenizer of the folder', async () => {
    const { tokenizer } = await load(folderOf('gpt2'));
    // he + ll, o; Ġ, w; the merges of the file in their order.
    expect([...tokenizer!.encode('hello w')]).toEqual([9, 4, 5, 6]);
    expect(tokenizer!.decode([9, 4, 5, 6, 0])).toBe('hello w');
    expect((await load(folderOf('llama'))).tokenizer).toBeUndefined();
  });

  it('keeps old attention masks out of the weights and passes them through', async () => {
    const { params, extras } = await load(folderOf('gpt2'));
    expect(Object.keys(extras)).toEqual(['transformer.h.0.attn.bias', 'transformer.h.1.attn.bias']);
    expect(params['transformer.h.0.attn.bias']).toBeUndefined();
  });

  it('reads GPT-2 without the prefix too', async () => {
    const { tensors } = parseSafetensors(await readFile(join(folderOf('gpt2'), 'model.safetensors')));
    const bare: RawStateDict = Object.fromEntries(
      Object.entries(tensors).map(([name, raw]) => [name.replace('transformer.', ''), raw]),
    );
    const loaded = await loadFrom(await configOf('gpt2'), bare);
    expectClose(logitsOf(loaded), golden.logits.gpt2, 1e-5);
  });

  it('reports every weight and stops when aborted', async () => {
    const seen: number[] = [];
    await load(folderOf('qwen2'), { onProgress: ({ done }) => seen.push(done) });
    expect(seen).toEqual(Array.from({ length: 26 }, (_, i) => i + 1));
    await expect(load(folderOf('qwen2'), { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it('reads which layers have a window from layer_types too, and none where it is null', async () => {
    const { tensors } = parseSafetensors(
      await readFile(join(folderOf('qwen2-sliding'), 'model.safetensors')),
    );
    const config = await configOf('qwen2-sliding');
    const windows = async (changes: object): Promise<unknown> =>
      (await loadFrom({ ...config, ...changes }, tensors)).model.config['windows'];
    expect(await windows({})).toEqual([null, 2]);
    expect(await windows({ layer_types: ['sliding_attention', 'full_attention'] })).toEqual([2, null]);
    expect(await windows({ max_window_layers: 0 })).toEqual([2, 2]);
    expect(await windows({ use_sliding_window: false })).toBeUndefined();
    expect(await windows({ sliding_window: null })).toBeUndefined();
  });

  it('takes a shorter context, not a longer one', async () => {
    expect((await load(folderOf('llama'), { context: 16 })).model.config.context).toBe(16);
    await expect(load(folderOf('llama'), { context: 100 })).rejects.toThrow(
      'config.json: expected a context of at most 64 ("max_position_embeddings"), received 100',
    );
  });
});

describe('a folder that does not fit', () => {
  const change = async (
    name: Name,
    changes: Record<string, unknown>,
    edit?: (tensors: RawStateDict) => void,
  ): Promise<unknown> => {
    const { tensors } = parseSafetensors(await readFile(join(folderOf(name), 'model.safetensors')));
    const copy = { ...tensors };
    edit?.(copy);
    return loadFrom({ ...(await configOf(name)), ...changes }, copy);
  };

  it('is refused naming the key of the configuration', async () => {
    await expect(change('llama', { model_type: 'mamba' })).rejects.toThrow(
      'config.json: expected "model_type" of gpt2, llama, mistral, qwen2, received "mamba"',
    );
    await expect(change('llama', { model_type: undefined })).rejects.toThrow('received nothing');
    await expect(change('llama', { hidden_size: '8' })).rejects.toThrow(
      'config.json: expected "hidden_size" to be a number above 0, received "8"',
    );
    await expect(change('llama', { hidden_act: 'quick_gelu' })).rejects.toThrow(
      'expected "hidden_act" of gelu_new',
    );
    await expect(change('llama', { rope_scaling: { type: 'yarn', factor: 2 } })).rejects.toThrow(
      'expected "rope_type" default, linear or llama3, received "yarn"',
    );
    await expect(change('gpt2', { scale_attn_by_inverse_layer_idx: true })).rejects.toThrow(
      'expected "scale_attn_by_inverse_layer_idx" false, received true',
    );
    await expect(change('mistral', { sliding_window: 0 })).rejects.toThrow(
      'config.json: expected "sliding_window" to be a number above 0, received 0',
    );
  });

  it('is refused naming the weight', async () => {
    await expect(change('llama', { num_key_value_heads: 4 })).rejects.toThrow(
      'expected "model.layers.0.self_attn.k_proj.weight" of shape [16, 8], as config.json says, received [8, 8]',
    );
    await expect(change('llama', { num_hidden_layers: 1 })).rejects.toThrow(
      /expected no "model\.layers\.1\..*" in a llama model of this size/,
    );
    await expect(change('llama', {}, (t) => delete t['model.norm.weight'])).rejects.toThrow(
      'expected "model.norm.weight" of shape [8], as config.json says, received no such tensor',
    );
    await expect(change('llama', { tie_word_embeddings: true, attention_bias: true })).rejects.toThrow(
      'q_proj.bias',
    );
  });

  it('is refused without config.json, or with one that is no JSON', async () => {
    await expect(loadFrom(undefined, {})).rejects.toThrow(/expected a file "config\.json"/);
    await expect(loadFrom('{', {})).rejects.toThrow(/^config\.json of .*: expected JSON/);
  });

  it('is refused with a tokenizer that is damaged or of another kind', async () => {
    const { tensors } = parseSafetensors(await readFile(join(folderOf('gpt2'), 'model.safetensors')));
    const withTokenizer = async (text: string): Promise<unknown> => {
      const folder = await mkdtemp(join(scratch, 'tokenizer-'));
      await writeFile(join(folder, 'model.safetensors'), serializeSafetensors(tensors));
      await writeFile(join(folder, 'config.json'), JSON.stringify(await configOf('gpt2')));
      await writeFile(join(folder, 'tokenizer.json'), text);
      return load(folder);
    };
    await expect(withTokenizer('{')).rejects.toThrow(
      /^tokenizer\.json of .*: expected JSON, received something else/,
    );
    await expect(withTokenizer('[]')).rejects.toThrow(/^tokenizer\.json of .*: expected a JSON object/);
    await expect(withTokenizer('{ "version": "1.0" }')).rejects.toThrow(
      /^tokenizer\.json of .*: expected a tokenizer for @huggingface\/tokenizers, received another: /,
    );
  });

  it('is not saved over with other weights', async () => {
    const loaded = await load(folderOf('gpt2'));
    const target = memoryTarget();
    const other = gpt2({ vocabulary: 10, context: 8, width: 8, layers: 2, heads: 2, hidden: 16 }).init(
      key(0),
    );
    await expect(saveLanguageModel({ target, loaded, params: other })).rejects.toThrow(
      'saveLanguageModel: expected "transformer.h.0.mlp.c_fc.weight" of shape [8, 32] in the weights, received [8, 16]',
    );
    const huge = { ...loaded.params, 'transformer.ln_f.bias': tensor(new Float32Array(8).fill(1e6)) };
    await expect(saveLanguageModel({ target, loaded, params: huge, dtype: 'F16' })).rejects.toThrow(/F16/);
    expect(target.files.size).toBe(0);
  });
});

async function configOf(name: Name): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folderOf(name), 'config.json'), 'utf8')) as Record<string, unknown>;
}

/** Loads from a folder made of a configuration (or its text) and tensors. */
async function loadFrom(
  config: Record<string, unknown> | string | undefined,
  tensors: RawStateDict,
): Promise<LoadedLanguageModel> {
  const folder = await mkdtemp(join(scratch, 'made-'));
  await writeFile(join(folder, 'model.safetensors'), serializeSafetensors(tensors));
  if (config !== undefined) {
    await writeFile(
      join(folder, 'config.json'),
      typeof config === 'string' ? config : JSON.stringify(config),
    );
  }
  return load(folder);
}
