import type { RawTensor } from '@weightloom/checkpoint';
import { AdapterError } from '../adapter-error.js';
import type { LoraAdapter } from '../format/lora-adapter.js';
import { type AdapterFiles, parseLoraAdapter, PREFIX } from '../format/parse-lora-adapter.js';
import { type JsonObject, parseJsonObject, plain } from '../internal/json.js';
import { describe, listNames, quote } from '../internal/text.js';

/** Methods of PEFT other than LoRA that can be merged into a base. */
export type OtherPeftType = 'LOHA' | 'LOKR' | 'IA3' | 'MISS';

/** An adapter of another method of PEFT, as stored: it can be merged and inspected, not combined or resized. */
export interface OtherAdapter {
  readonly config: {
    readonly peftType: OtherPeftType;
    /** The configuration, parsed. */
    readonly values: Readonly<Record<string, unknown>>;
    readonly source: JsonObject;
  };
  /** Module → name of the factor (`hada_w1_a`, `ia3_l`, …) → tensor. */
  readonly modules: ReadonlyMap<string, ReadonlyMap<string, RawTensor>>;
  /** As in a LoRA adapter. */
  readonly saved: ReadonlyMap<string, RawTensor>;
  readonly warnings: readonly string[];
}

export type PeftAdapter = LoraAdapter | OtherAdapter;

export const isLora = (adapter: PeftAdapter): adapter is LoraAdapter => adapter.config.peftType === 'LORA';

/** Names of the factors each method stores. `bone_block` is the older name of `miss_block`. */
const FACTORS: Record<OtherPeftType, RegExp> = {
  LOHA: /^(.*)\.(hada_(?:w[12]_[ab]|t[12]))(?:\.[^.]+)?$/,
  LOKR: /^(.*)\.(lokr_(?:w[12](?:_[ab])?|t2))(?:\.[^.]+)?$/,
  IA3: /^(.*)\.(ia3_l)(?:\.[^.]+)?$/,
  MISS: /^(.*)\.(miss_block|bone_block)(?:\.[^.]+)?$/,
};
const LIKE_A_FACTOR = /(^|\.)(lora|hada|lokr|ia3|miss|bone)_\w+(\.[^.]+)?$/;

/**
 * Sorts the tensors of a PEFT adapter of any method that can be merged: LoRA, LoHa, LoKr, (IA)³, MiSS and Bone.
 *
 * @throws {AdapterError} for another `peft_type`, by its name, and as `parseLoraAdapter`
 */
export function parsePeftAdapter(files: AdapterFiles): PeftAdapter {
  const { config: text, tensors, where = 'adapter' } = files;
  const source = parseJsonObject(text, `${where}: adapter_config.json`);
  const type = source.peft_type === 'BONE' ? 'MISS' : source.peft_type;
  if (type === 'LORA') return parseLoraAdapter(files);
  if (typeof type !== 'string' || !Object.hasOwn(FACTORS, type)) {
    throw new AdapterError({
      where: `${where}: adapter_config.json: peft_type`,
      expected: `"LORA" or one of ${Object.keys(FACTORS).map(quote).join(', ')}`,
      received: source.peft_type === undefined ? 'none' : describe(plain(source.peft_type)),
    });
  }
  const peftType = type as OtherPeftType;
  const modules = new Map<string, Map<string, RawTensor>>();
  const saved = new Map<string, RawTensor>();
  const strange: string[] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    const inModel = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
    const [, path, factor] = FACTORS[peftType].exec(inModel) ?? [];
    if (path === undefined) {
      if (LIKE_A_FACTOR.test(inModel)) strange.push(name);
      else saved.set(inModel, tensor);
      continue;
    }
    const own = modules.get(path) ?? new Map<string, RawTensor>();
    modules.set(path, own.set(factor!.replace('bone_', 'miss_'), tensor));
  }
  if (strange.length > 0 || modules.size === 0) {
    const received = strange.length > 0 ? listNames(strange) : 'none';
    throw new AdapterError({ where, expected: `factors of ${peftType}`, received });
  }
  const values = plain(source) as Record<string, unknown>;
  return { config: { peftType, values, source }, modules, saved, warnings: [] };
}

/** The adapter itself, if it is LoRA; others are refused by name. */
export function expectLora(adapter: PeftAdapter, where: string): LoraAdapter {
  if (isLora(adapter)) return adapter;
  throw new AdapterError({
    where,
    expected: 'a LoRA adapter',
    received: `one of ${adapter.config.peftType}`,
    cure: 'merge it into its base, then extract a LoRA adapter from the result',
  });
}
