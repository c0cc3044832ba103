import { isJsonObject, type JsonObject, numberAt, textAt } from '../internal/json.js';

/** What must be known of a kind of model to cut it into layers and to change its vocabulary. */
export interface Architecture {
  readonly name: string;
  /** `model_type` of its configs. */
  readonly modelTypes: readonly string[];
  /** What stands before the number of a layer. */
  readonly layers: RegExp;
  /** Key of the config with the number of layers. */
  readonly layerCount: string;
  /** Tensors that come before the layers; all others outside the layers come after them. */
  readonly before: RegExp;
  /** Tensors with a row (or, for vectors, an element) per token of the vocabulary. */
  readonly vocabulary: RegExp;
  /** The output layer, which may be stored as the embedding alone. */
  readonly head: RegExp;
  readonly embedding: RegExp;
}

const decoder = {
  layerCount: 'num_hidden_layers',
  before: /(^|\.)(embed_tokens|embed_in|wte|wpe|embeddings?)\./,
  head: /(^|\.)lm_head\.weight$/,
} as const;

/** Kinds of models whose names are known; others are looked at by the pattern of their names. */
export const architectures: readonly Architecture[] = [
  {
    ...decoder,
    name: 'llama-like',
    modelTypes: [
      'llama',
      'mistral',
      'mixtral',
      'qwen2',
      'qwen2_moe',
      'qwen3',
      'qwen3_moe',
      'gemma',
      'gemma2',
      'gemma3_text',
      'phi3',
      'olmo',
      'olmo2',
      'cohere',
      'cohere2',
      'granite',
      'stablelm',
      'starcoder2',
      'smollm3',
      'deepseek_v2',
      'deepseek_v3',
    ],
    layers: /^(?:.*\.)?layers$/,
    embedding: /(^|\.)embed_tokens\.weight$/,
    vocabulary: /(^|\.)(embed_tokens|lm_head)\.(weight|bias)$/,
  },
  {
    ...decoder,
    name: 'gpt2-like',
    modelTypes: ['gpt2', 'gpt_bigcode', 'gptj'],
    layers: /^(?:transformer\.)?h$/,
    layerCount: 'n_layer',
    embedding: /(^|\.)wte\.weight$/,
    vocabulary: /(^|\.)(wte|lm_head)\.(weight|bias)$/,
  },
  {
    ...decoder,
    name: 'gpt-neox',
    modelTypes: ['gpt_neox'],
    layers: /^(?:gpt_neox\.)?layers$/,
    embedding: /(^|\.)embed_in\.weight$/,
    head: /(^|\.)embed_out\.weight$/,
    vocabulary: /(^|\.)(embed_in|embed_out)\.weight$/,
  },
  {
    name: 'bert-like',
    modelTypes: ['bert', 'roberta', 'xlm-roberta', 'electra', 'camembert'],
    layers: /^(?:\w+\.)?encoder\.layer$/,
    layerCount: 'num_hidden_layers',
    before: /(^|\.)embeddings(_project)?\./,
    embedding: /(^|\.)word_embeddings\.weight$/,
    head: /^(cls\.predictions\.decoder|lm_head\.decoder)\.weight$/,
    vocabulary:
      /(^|\.)(word_embeddings\.weight|predictions\.decoder\.(weight|bias)|predictions\.bias|lm_head\.decoder\.(weight|bias)|lm_head\.bias)$/,
  },
];

/** Looked at when nothing is known: the patterns of all of the above together. */
const unknown: Architecture = {
  name: 'unknown',
  modelTypes: [],
  layers: /^/,
  layerCount: 'num_hidden_layers',
  before: /(^|\.)(embed_tokens|embed_in|wte|wpe|embeddings?)\./,
  embedding: /(^|\.)(embed_tokens|embed_in|wte|word_embeddings)\.weight$/,
  head: /(^|\.)(lm_head|embed_out)\.weight$/,
  vocabulary: /(^|\.)(embed_tokens|embed_in|embed_out|wte|word_embeddings|lm_head)\.(weight|bias)$/,
};

/**
 * The architecture of a model by its config, or by the name it is to be taken for.
 *
 * @param override - a class such as `LlamaForCausalLM`, or a `model_type`
 */
export function architectureOf(config: JsonObject | undefined, override?: string): Architecture {
  const type = override?.toLowerCase() ?? (config && textAt(config, 'model_type'));
  if (type === undefined) return unknown;
  const isNamed = ({ modelTypes }: Architecture) =>
    modelTypes.some(
      (known) => type === known || (override && type.startsWith(`${known.replace(/[_-]/g, '')}for`)),
    );
  return architectures.find(isNamed) ?? unknown;
}

/** The number of layers that a config states; also where the config of a text part is nested. */
export function statedLayers(
  config: JsonObject | undefined,
  { layerCount }: Architecture,
): number | undefined {
  if (!config) return undefined;
  const text = config.text_config;
  return numberAt(config, layerCount) ?? (isJsonObject(text) ? numberAt(text, layerCount) : undefined);
}
