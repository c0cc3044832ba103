import { fromFloat32, type RawStateDict, serializeSafetensors } from '@weightloom/checkpoint';
import { foldIn, generator, type Key, key } from '@weightloom/tensor-gpu';

/** Files of a folder by name, all of them small. */
export interface SampleFolder {
  readonly path: string;
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

const [LAYERS, HIDDEN, INNER, VOCABULARY] = [8, 48, 96, 128];

/** Shapes of a small model with the names of Llama. */
function shapes(): Record<string, number[]> {
  const all: Record<string, number[]> = { 'model.embed_tokens.weight': [VOCABULARY, HIDDEN] };
  for (let layer = 0; layer < LAYERS; layer++) {
    const at = `model.layers.${layer}.`;
    for (const name of ['q', 'k', 'v', 'o']) all[`${at}self_attn.${name}_proj.weight`] = [HIDDEN, HIDDEN];
    for (const name of ['gate', 'up']) all[`${at}mlp.${name}_proj.weight`] = [INNER, HIDDEN];
    all[`${at}mlp.down_proj.weight`] = [HIDDEN, INNER];
    for (const name of ['input_layernorm', 'post_attention_layernorm']) all[`${at}${name}.weight`] = [HIDDEN];
  }
  return { ...all, 'model.norm.weight': [HIDDEN], 'lm_head.weight': [VOCABULARY, HIDDEN] };
}

/** Values in [-1, 1) that are the same in every browser and in Node. */
function draw(random: Key, size: number): Float32Array {
  const { uniform } = generator(random);
  return Float32Array.from({ length: size }, () => 2 * uniform() - 1);
}

/** How much a fine-tune changes a layer: one changes the last layers most, the other the middle ones. */
const tunes: Record<string, (depth: number) => number> = {
  chat: (depth) => 0.05 + 0.3 * depth ** 2,
  code: (depth) => 0.05 + 0.25 * Math.exp(-(((depth - 0.4) / 0.2) ** 2)),
};

function weights(name: string): RawStateDict {
  const change = tunes[name];
  const root = key(0);
  const entries = Object.entries(shapes()).map(([tensor, shape]) => {
    const size = shape.reduce((n, d) => n * d, 1);
    const scale = tensor.includes('norm') ? 0.1 : 1 / Math.sqrt(HIDDEN);
    const values = draw(foldIn(root, tensor), size).map((x) => (tensor.includes('norm') ? 1 : 0) + scale * x);
    if (change) {
      const layer = Number(
        /\.(\d+)\./.exec(tensor)?.[1] ?? (tensor.startsWith('model.embed') ? 0 : LAYERS - 1),
      );
      const amount = scale * change(layer / (LAYERS - 1));
      draw(foldIn(foldIn(root, name), tensor), size).forEach((x, i) => (values[i]! += amount * x));
    }
    return [tensor, fromFloat32(values, 'BF16', { shape })] as const;
  });
  return Object.fromEntries(entries);
}

const config = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: HIDDEN,
  intermediate_size: INNER,
  num_hidden_layers: LAYERS,
  num_attention_heads: 4,
  vocab_size: VOCABULARY,
  rms_norm_eps: 1e-6,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
};

/** A base and two fine-tunes of it, Llama-like and of a few hundred kilobytes: noise that stands for a change of weights. */
export function sampleModels(): SampleFolder[] {
  const text = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  return ['base', 'chat', 'code'].map((path) => ({
    path,
    files: new Map([
      ['config.json', text(config)],
      ['model.safetensors', serializeSafetensors(weights(path), { format: 'pt' }) as Uint8Array<ArrayBuffer>],
    ]),
  }));
}
