import type { LoraConfig } from '../format/lora-config.js';

/** How a value is written: as a Python int or float, or as what it is. */
export type FieldKind = 'int' | 'float' | 'plain';

type Field = readonly [key: keyof LoraConfig, name: string, kind: FieldKind];

/** Every field that has a meaning here: its name in TypeScript, in the file, and the kind of its numbers. */
export const configFields: readonly Field[] = [
  ['r', 'r', 'int'],
  ['loraAlpha', 'lora_alpha', 'int'],
  ['loraDropout', 'lora_dropout', 'float'],
  ['targetModules', 'target_modules', 'plain'],
  ['excludeModules', 'exclude_modules', 'plain'],
  ['bias', 'bias', 'plain'],
  ['fanInFanOut', 'fan_in_fan_out', 'plain'],
  ['useRslora', 'use_rslora', 'plain'],
  ['useDora', 'use_dora', 'plain'],
  ['loraBias', 'lora_bias', 'plain'],
  ['initLoraWeights', 'init_lora_weights', 'plain'],
  ['modulesToSave', 'modules_to_save', 'plain'],
  ['layersToTransform', 'layers_to_transform', 'int'],
  ['layersPattern', 'layers_pattern', 'plain'],
  ['rankPattern', 'rank_pattern', 'int'],
  ['alphaPattern', 'alpha_pattern', 'int'],
  ['trainableTokenIndices', 'trainable_token_indices', 'int'],
  ['taskType', 'task_type', 'plain'],
  ['baseModelNameOrPath', 'base_model_name_or_path', 'plain'],
  ['revision', 'revision', 'plain'],
  ['inferenceMode', 'inference_mode', 'plain'],
];

/**
 * Keys PEFT writes whose values do not change what stored factors mean: they tell how the adapter was started or
 * trained. Kept as they are.
 */
export const keptKeys: ReadonlySet<string> = new Set([
  'peft_type',
  'auto_mapping',
  'peft_version',
  'loftq_config',
  'eva_config',
  'corda_config',
  'lora_ga_config',
  'velora_config',
  'megatron_core',
  'qalora_group_size',
  'ensure_weight_tying',
]);

/** Keys that change the meaning of the factors in a way this package does not do: refused unless null, false or empty. */
export const refusedKeys: readonly string[] = [
  'target_parameters',
  'layer_replication',
  'alora_invocation_tokens',
  'use_qalora',
  'use_bdlora',
  'arrow_config',
  'kasa_config',
  'monteclora_config',
  'megatron_config',
];
