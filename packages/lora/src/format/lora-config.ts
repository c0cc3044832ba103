import { AdapterError } from '../adapter-error.js';
import { checkConfig } from '../internal/check-config.js';
import type { JsonObject } from '../internal/json.js';
import { quote } from '../internal/text.js';

/** Integers by name or pattern, in the order in which patterns are tried. */
export type PatternMap = Readonly<Record<string, number>>;

/** What `adapter_config.json` of a LoRA adapter says; the names are PEFT's in camelCase. */
export interface LoraConfig {
  readonly peftType: 'LORA';
  /** Rank `r ≥ 1` of layers that `rankPattern` does not name. Default 8. */
  readonly r: number;
  /** `α`; the update is scaled by `α / r`. Default 8. */
  readonly loraAlpha: number;
  /** Probability in [0, 1) of dropping an input of the adapter while training. Default 0. */
  readonly loraDropout: number;
  /**
   * Which modules are adapted: names or ends of names (`q_proj`, `layers.0`), or one Python regular expression that
   * matches the whole path, or `'all-linear'`.
   */
  readonly targetModules: string | readonly string[] | null;
  /** Modules left out although they match, in the same form. Default `null`. */
  readonly excludeModules: string | readonly string[] | null;
  /** Which biases of the model are trained and stored. Default `'none'`. */
  readonly bias: 'none' | 'all' | 'lora_only';
  /** Base weights are stored `[in, out]`, as GPT-2's `Conv1D` does. Default `false`. */
  readonly fanInFanOut: boolean;
  /** Scale by `α / √r` instead. Default `false`. */
  readonly useRslora: boolean;
  /** Learn a magnitude for each output (DoRA). Default `false`. */
  readonly useDora: boolean;
  /** `lora_B` has a bias. Default `false`. */
  readonly loraBias: boolean;
  /** How the factors start; see `initLora`. Default `true`. */
  readonly initLoraWeights: boolean | string;
  /** Modules that are trained and stored whole. Default `null`. */
  readonly modulesToSave: readonly string[] | null;
  /** Layer indices to adapt; only with a list of targets. Default `null`: all. */
  readonly layersToTransform: number | readonly number[] | null;
  /** Name of the list the indices count in, such as `layers`. Default `null`: the first number in a path. */
  readonly layersPattern: string | readonly string[] | null;
  /** Ranks of single modules: the first pattern `(.*\.)?(pattern)$` that matches decides. Default `{}`. */
  readonly rankPattern: PatternMap;
  /** `α` of single modules, in the same form. Default `{}`. */
  readonly alphaPattern: PatternMap;
  /** Rows of embeddings that are trained: of `embed_tokens`, or by module name. Default `null`. */
  readonly trainableTokenIndices: readonly number[] | Readonly<Record<string, readonly number[]>> | null;
  readonly taskType: string | null;
  readonly baseModelNameOrPath: string | null;
  readonly revision: string | null;
  /** Whether the adapter is stored for use rather than for more training. Default `true`. */
  readonly inferenceMode: boolean;
  /** The file this was read from: keeps unknown keys and the style of numbers. */
  readonly source?: JsonObject;
}

/** The defaults of PEFT. */
export const defaultLoraConfig: LoraConfig = {
  peftType: 'LORA',
  r: 8,
  loraAlpha: 8,
  loraDropout: 0,
  targetModules: null,
  excludeModules: null,
  bias: 'none',
  fanInFanOut: false,
  useRslora: false,
  useDora: false,
  loraBias: false,
  initLoraWeights: true,
  modulesToSave: null,
  layersToTransform: null,
  layersPattern: null,
  rankPattern: {},
  alphaPattern: {},
  trainableTokenIndices: null,
  taskType: null,
  baseModelNameOrPath: null,
  revision: null,
  inferenceMode: true,
};

/** The options of {@link loraConfig}. */
export type LoraConfigOptions = Partial<Omit<LoraConfig, 'peftType' | 'source'>> &
  Pick<LoraConfig, 'targetModules'>;

/**
 * A configuration with PEFT's defaults filled in.
 *
 * @throws {AdapterError} for a value of the wrong kind or out of range
 */
export function loraConfig(options: LoraConfigOptions): LoraConfig {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const unknown = given.find(([key]) => !Object.hasOwn(defaultLoraConfig, key) || key === 'peftType');
  if (unknown) {
    const expected = `options among ${Object.keys(defaultLoraConfig).slice(1).join(', ')}`;
    throw new AdapterError({ where: 'loraConfig', expected, received: quote(unknown[0]) });
  }
  const config: LoraConfig = { ...defaultLoraConfig, ...Object.fromEntries(given) };
  checkConfig(config, 'loraConfig', (key) => key);
  return config;
}
