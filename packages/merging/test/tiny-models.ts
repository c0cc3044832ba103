import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromFloat32, type RawStateDict } from '@weightloom/checkpoint';
import { saveSafetensors } from '@weightloom/checkpoint/node';

const [hidden, inner] = [4, 6];

/** Values in [-0.5, 0.5): a linear congruential generator, seeded with the FNV-1a hash of a name. */
function noise(name: string, count: number): number[] {
  let x = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) x = Math.imul(x ^ byte, 0x01000193) >>> 0;
  return Array.from({ length: count }, () => {
    x = (Math.imul(1664525, x) + 1013904223) >>> 0;
    return x / 2 ** 32 - 0.5;
  });
}

/** The tensors of a Llama-like model, by name. */
export function tinyShapes(layers = 4, vocabulary = 10): Record<string, number[]> {
  const shapes: Record<string, number[]> = {
    'model.embed_tokens.weight': [vocabulary, hidden],
    'model.norm.weight': [hidden],
    'lm_head.weight': [vocabulary, hidden],
  };
  for (let i = 0; i < layers; i++) {
    const at = `model.layers.${i}.`;
    for (const x of 'qkvo') shapes[`${at}self_attn.${x}_proj.weight`] = [hidden, hidden];
    shapes[`${at}mlp.gate_proj.weight`] = [inner, hidden];
    shapes[`${at}mlp.up_proj.weight`] = [inner, hidden];
    shapes[`${at}mlp.down_proj.weight`] = [hidden, inner];
    shapes[`${at}input_layernorm.weight`] = [hidden];
    shapes[`${at}post_attention_layernorm.weight`] = [hidden];
  }
  return shapes;
}

/** The weights of a tiny model: those of `base`, and for other names a change to them. */
export function tinyWeights(name: string, vocabulary = 10): RawStateDict {
  const pairs = Object.entries(tinyShapes(4, vocabulary)).map(([tensor, shape]) => {
    const size = shape.reduce((n, d) => n * d, 1);
    const change = name === 'base' ? undefined : noise(`${name}/${tensor}`, size);
    const list = noise(`base/${tensor}`, size).map((x, i) => x + (change ? 0.1 * change[i]! : 0));
    return [tensor, fromFloat32(Float32Array.from(list), 'F32', { shape })] as const;
  });
  return Object.fromEntries(pairs);
}

export interface TinyModelOptions {
  readonly tokens?: readonly string[];
  readonly weights?: RawStateDict;
  readonly config?: Record<string, unknown>;
}

/** Writes a folder as Transformers would: weights, `config.json`, tokenizer. */
export async function makeTinyModel(
  folder: string,
  name: string,
  options: TinyModelOptions = {},
): Promise<string> {
  const { tokens = Array.from({ length: 10 }, (_, i) => `t${i}`) } = options;
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  const weights = options.weights ?? tinyWeights(name.split('/').at(-1)!, tokens.length);
  await saveSafetensors(join(path, 'model.safetensors'), weights);
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: hidden,
    intermediate_size: inner,
    num_hidden_layers: 4,
    num_attention_heads: 2,
    vocab_size: tokens.length,
    rms_norm_eps: 1e-6,
    tie_word_embeddings: false,
    torch_dtype: 'float32',
    ...options.config,
  };
  // As Python writes it: a float that JavaScript would shorten.
  const text = JSON.stringify(config, null, 2).replace(/\n\}$/, ',\n  "rope_theta": 10000.0\n}\n');
  await writeFile(join(path, 'config.json'), text);
  const special = tokens.filter((token) => token.startsWith('<|'));
  const tokenizer = {
    version: '1.0',
    added_tokens: special.map((content) => ({ id: tokens.indexOf(content), content, special: true })),
    model: {
      type: 'WordLevel',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      unk_token: 't0',
    },
  };
  await writeFile(join(path, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(
    join(path, 'tokenizer_config.json'),
    JSON.stringify({ tokenizer_class: 'PreTrainedTokenizerFast' }),
  );
  return path;
}

/** A LoRA adapter of rank 2 and alpha 4 on every `q_proj`. */
export async function makeTinyAdapter(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  const tensors: RawStateDict = {};
  for (let i = 0; i < 4; i++) {
    const module = `model.layers.${i}.self_attn.q_proj`;
    const factor = (which: string, shape: number[]) =>
      fromFloat32(Float32Array.from(noise(`poet/${module}/${which}`, 2 * hidden)), 'F32', { shape });
    tensors[`base_model.model.${module}.lora_A.weight`] = factor('A', [2, hidden]);
    tensors[`base_model.model.${module}.lora_B.weight`] = factor('B', [hidden, 2]);
  }
  await saveSafetensors(join(path, 'adapter_model.safetensors'), tensors);
  const config = {
    peft_type: 'LORA',
    r: 2,
    lora_alpha: 4,
    target_modules: ['q_proj'],
    task_type: 'CAUSAL_LM',
  };
  await writeFile(join(path, 'adapter_config.json'), JSON.stringify(config));
  return path;
}

/** All models and adapters that the examples name. */
export async function makeExampleModels(folder: string): Promise<void> {
  for (const name of ['base', 'chat', 'code', 'math']) await makeTinyModel(folder, `models/${name}`);
  const backwards = Array.from({ length: 9 }, (_, i) => `t${9 - i}`);
  await makeTinyModel(folder, 'models/tools', { tokens: ['<|call|>', ...backwards, '<|end|>'] });
  await makeTinyAdapter(folder, 'adapters/poet');
}
