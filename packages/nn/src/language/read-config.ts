import type { Activation } from '../layers/activations.js';
import type { RopeScaling } from '../layers/rope-scaling.js';
import { type Decoder } from '../models/decoder.js';
import { gpt2 } from '../models/gpt2.js';
import { llama } from '../models/llama.js';

/** A `config.json` as it was read. */
export type HuggingFaceConfig = Readonly<Record<string, unknown>>;

/** What the names of the weights tell beside the configuration. */
export interface ConfigHints {
  /** Whether names begin with `transformer.` (GPT-2 saved with its head). */
  readonly prefixed: boolean;
  /** Overrides the longest text of the configuration, downwards. */
  readonly context?: number;
}

const WHERE = 'config.json';

function refuse(expected: string, received: unknown): never {
  throw new RangeError(`${WHERE}: expected ${expected}, received ${JSON.stringify(received) ?? 'nothing'}`);
}

/** Typed reads of a configuration; every refusal names the key. */
class Reader {
  readonly #config: HuggingFaceConfig;
  constructor(config: HuggingFaceConfig) {
    this.#config = config;
  }
  number(key: string, otherwise?: number): number {
    const value = this.#config[key] ?? otherwise;
    return typeof value === 'number' && value > 0 ? value : refuse(`"${key}" to be a number above 0`, value);
  }
  flag(key: string, otherwise: boolean): boolean {
    const value = this.#config[key] ?? otherwise;
    return typeof value === 'boolean' ? value : refuse(`"${key}" to be true or false`, value);
  }
  activation(key: string, otherwise: string): Activation {
    const name = this.#config[key] ?? otherwise;
    const known = activations[String(name)];
    return known ?? refuse(`"${key}" of ${Object.keys(activations).join(', ')}`, name);
  }
  /** Refuses a setting we do not compute. */
  only(key: string, ...allowed: unknown[]): void {
    const value = this.#config[key];
    if (value !== undefined && value !== null && !allowed.includes(value)) {
      refuse(`"${key}" ${allowed.map((v) => JSON.stringify(v)).join(' or ')}`, value);
    }
  }
  raw(key: string): unknown {
    return this.#config[key];
  }
}

const activations: Readonly<Record<string, Activation>> = {
  gelu_new: 'geluTanh',
  gelu_pytorch_tanh: 'geluTanh',
  gelu: 'gelu',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
  tanh: 'tanh',
};

const families: Readonly<Record<string, (read: Reader, hints: ConfigHints) => Decoder>> = {
  gpt2: (read, hints) => {
    read.only('scale_attn_weights', true);
    read.only('scale_attn_by_inverse_layer_idx', false);
    read.only('add_cross_attention', false);
    const width = read.number('n_embd');
    return gpt2({
      vocabulary: read.number('vocab_size'),
      context: read.number('n_positions', read.raw('n_ctx') as number | undefined),
      width,
      layers: read.number('n_layer'),
      heads: read.number('n_head'),
      hidden: read.number('n_inner', 4 * width),
      activation: read.activation('activation_function', 'gelu_new'),
      epsilon: read.number('layer_norm_epsilon', 1e-5),
      tied: read.flag('tie_word_embeddings', true),
      prefix: hints.prefixed ? 'transformer.' : '',
    });
  },
  llama: (read, hints) => {
    const bias = read.flag('attention_bias', false);
    return llamaOf(read, hints, { query: bias, output: bias, mlp: read.flag('mlp_bias', false) });
  },
  mistral: (read, hints) => llamaOf(read, hints, { query: false, output: false, mlp: false }, windowOf(read)),
  qwen2: (read, hints) => {
    const slides = read.flag('use_sliding_window', false);
    const windows = slides ? qwenWindows(read) : undefined;
    return llamaOf(read, hints, { query: true, output: false, mlp: false }, windows);
  },
};

function llamaOf(
  read: Reader,
  hints: ConfigHints,
  biases: { query: boolean; output: boolean; mlp: boolean },
  window?: number | readonly (number | null)[],
): Decoder {
  read.only('pretraining_tp', 1);
  const [width, heads] = [read.number('hidden_size'), read.number('num_attention_heads')];
  return llama({
    vocabulary: read.number('vocab_size'),
    context: contextOf(read, hints),
    width,
    hidden: read.number('intermediate_size'),
    layers: read.number('num_hidden_layers'),
    heads,
    kvHeads: read.number('num_key_value_heads', heads),
    headSize: read.number('head_dim', width / heads),
    activation: read.activation('hidden_act', 'silu'),
    epsilon: read.number('rms_norm_eps', 1e-6),
    ...ropeOf(read),
    window,
    biases,
    tied: read.flag('tie_word_embeddings', false),
  });
}

function contextOf(read: Reader, { context }: ConfigHints): number {
  const longest = read.number('max_position_embeddings', 2048);
  if (context !== undefined && context > longest)
    refuse(`a context of at most ${longest} ("max_position_embeddings")`, context);
  return context ?? longest;
}

/** The sliding window of all layers, where there is one. */
const windowOf = (read: Reader): number | undefined =>
  (read.raw('sliding_window') ?? undefined) === undefined ? undefined : read.number('sliding_window');

/** Windows per layer: as `layer_types` has them, or in the layers from `max_window_layers` on. */
function qwenWindows(read: Reader): (number | null)[] | undefined {
  const window = windowOf(read);
  if (window === undefined) return undefined;
  const types = read.raw('layer_types');
  const full = read.raw('max_window_layers') === 0 ? 0 : read.number('max_window_layers', 28);
  return Array.from({ length: read.number('num_hidden_layers') }, (_, i) => {
    const slides = Array.isArray(types) ? types[i] === 'sliding_attention' : i >= full;
    return slides ? window : null;
  });
}

/** Rotary settings: `rope_theta` and `rope_scaling`, or both in `rope_parameters` as newer files have them. */
function ropeOf(read: Reader): { ropeBase: number; ropeScaling?: RopeScaling } {
  const own = (read.raw('rope_parameters') ?? read.raw('rope_scaling') ?? {}) as Record<string, unknown>;
  const settings = new Reader(own);
  const ropeBase = settings.number('rope_theta', read.number('rope_theta', 10000));
  const type = own['rope_type'] ?? own['type'] ?? 'default';
  if (type === 'default') return { ropeBase };
  if (type === 'linear') return { ropeBase, ropeScaling: { type, factor: settings.number('factor') } };
  if (type !== 'llama3') return refuse('"rope_type" default, linear or llama3', type);
  return {
    ropeBase,
    ropeScaling: {
      type,
      factor: settings.number('factor'),
      lowFrequencyFactor: settings.number('low_freq_factor'),
      highFrequencyFactor: settings.number('high_freq_factor'),
      originalContext: settings.number('original_max_position_embeddings'),
    },
  };
}

/**
 * The model a `config.json` describes.
 *
 * @throws {RangeError} for an unknown `model_type`, a missing or wrong key, or a setting we do not compute; names the key
 */
export function readConfig(config: HuggingFaceConfig, hints: ConfigHints): Decoder {
  const family = families[String(config.model_type)];
  if (!family) refuse(`"model_type" of ${Object.keys(families).join(', ')}`, config.model_type);
  return family(new Reader(config), hints);
}
