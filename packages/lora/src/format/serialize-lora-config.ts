import { configFields, type FieldKind } from '../internal/config-fields.js';
import {
  isObject,
  type JsonObject,
  type JsonValue,
  plain,
  pythonNumber,
  writePythonJson,
} from '../internal/json.js';
import { defaultLoraConfig, type LoraConfig } from './lora-config.js';

/**
 * The text of `adapter_config.json`, in the style of PEFT: keys sorted, two blanks, numbers as Python writes them.
 *
 * A configuration that was read is written with the keys it had (unknown ones too, and each number as it was written),
 * those that were changed since, and no others: an older PEFT must not meet keys it does not know. A new one gets every
 * key that has a meaning here.
 */
export function serializeLoraConfig(config: LoraConfig): string {
  const { source } = config;
  const out: Record<string, JsonValue> = { ...(source ?? {}), peft_type: 'LORA' };
  for (const [key, name, kind] of configFields) {
    const value = config[key];
    const written = source && Object.hasOwn(source, name) ? source[name] : undefined;
    if (written !== undefined && same(plain(written), value)) continue;
    if (source && written === undefined && same(value, defaultLoraConfig[key])) continue;
    out[name] = toJson(value, kind);
  }
  return writePythonJson(out as JsonObject);
}

function toJson(value: unknown, kind: FieldKind): JsonValue {
  if (typeof value === 'number') return pythonNumber(value, kind === 'float' ? 'float' : 'int');
  if (Array.isArray(value)) return value.map((item) => toJson(item, kind));
  if (!isObject(value)) return value as JsonValue;
  const out = Object.create(null) as Record<string, JsonValue>;
  for (const [key, item] of Object.entries(value)) out[key] = toJson(item, kind);
  return out;
}

function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => same(item, b[i]));
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && same(a[key], b[key]))
    );
  }
  return Object.is(a, b);
}
