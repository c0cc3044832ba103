import { AdapterError } from '../adapter-error.js';
import { checkConfig } from '../internal/check-config.js';
import { configFields, keptKeys, refusedKeys } from '../internal/config-fields.js';
import {
  isObject,
  type JsonObject,
  type JsonValue,
  parseJsonObject,
  plain,
  writePythonJson,
} from '../internal/json.js';
import { describe, listNames } from '../internal/text.js';
import { defaultLoraConfig, type LoraConfig } from './lora-config.js';

/** A configuration that was read, and what is odd about it. */
export interface ParsedLoraConfig {
  readonly config: LoraConfig;
  readonly warnings: readonly string[];
}

/**
 * Reads the text of an `adapter_config.json` of a LoRA adapter.
 *
 * Needs `peft_type` and `target_modules`; every other key has PEFT's default. Unknown keys are kept, written back by
 * {@link serializeLoraConfig} and named in `warnings`.
 *
 * @throws {AdapterError} for text that is no JSON object, another `peft_type`, values of the wrong kind, and settings that
 *   change the meaning of the factors in a way this package does not do (`target_parameters`, `layer_replication`,
 *   `alora_invocation_tokens`, `use_qalora`, `use_bdlora`, `arrow_config`, `kasa_config`, `monteclora_config`,
 *   `megatron_config`)
 */
export function parseLoraConfig(text: string, where = 'adapter_config.json'): ParsedLoraConfig {
  return fromJson(parseJsonObject(text, where), where);
}

export function fromJson(source: JsonObject, where: string): ParsedLoraConfig {
  if (source.peft_type !== 'LORA') {
    const received = source.peft_type === undefined ? 'none' : describe(plain(source.peft_type));
    throw new AdapterError({ where: `${where}: peft_type`, expected: '"LORA"', received });
  }
  for (const key of refusedKeys) {
    if (isOff(source[key])) continue;
    throw new AdapterError({
      where: `${where}: ${key}`,
      expected: 'null (this package does not support it)',
      received: writePythonJson(source[key]!).slice(0, 120),
      cure: 'merge the adapter with PEFT',
    });
  }
  const values = configFields
    .filter(([, name]) => Object.hasOwn(source, name))
    .map(([key, name]) => [key, plain(source[name]!)] as const);
  const config: LoraConfig = { ...defaultLoraConfig, ...Object.fromEntries(values), source };
  const fileName = new Map(configFields.map(([key, name]) => [key, name]));
  checkConfig(config, where, (key) => fileName.get(key) ?? key);
  if (config.targetModules === null && config.trainableTokenIndices === null) {
    throw new AdapterError({
      where: `${where}: target_modules`,
      expected: 'the adapted modules',
      received: 'none',
    });
  }
  const known = new Set([...configFields.map(([, name]) => name), ...keptKeys, ...refusedKeys]);
  const unknown = Object.keys(source).filter((key) => !known.has(key));
  const warnings =
    unknown.length > 0 ? [`${where}: unknown keys are kept as they are: ${listNames(unknown)}`] : [];
  return { config, warnings };
}

/** Null, false, empty or zero: the setting is not used. */
function isOff(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
