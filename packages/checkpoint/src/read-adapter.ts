import type { Checkpoint } from './checkpoint.js';
import { CheckpointError } from './checkpoint-error.js';
import { readJson } from './internal/read-json.js';
import { describe, quote } from './internal/text.js';

/** A PEFT adapter: its configuration and its tensors, sorted by the module they belong to. */
export interface Adapter {
  readonly config: {
    /** `adapter_config.json` as it is written, to be kept or copied without a change. */
    readonly text: string;
    /** The same, parsed; integers beyond 2^53 are bigints. */
    readonly value: Readonly<Record<string, unknown>>;
  };
  /**
   * Adapted module → factor → name of its tensor, for instance `model.layers.0.self_attn.q_proj` → `lora_A` →
   * `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`. A factor's bias is called `lora_B.bias`.
   */
  readonly modules: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Tensors that replace weights of the model (`modules_to_save`) or belong to no module: name in the model → tensor. */
  readonly others: ReadonlyMap<string, string>;
}

/** PEFT starts the names of what its methods add with the name of the method. */
const FACTOR =
  /^(.*)\.((?:lora|ia3|vera|hada|lokr|oft|boft|vblora|fourierft|randlora|shira|miss|bone|hra|road|c3a|waveft|delora|adalora)_\w+)(?:\.(.+))?$/;

/**
 * Sorts the tensors of an opened adapter folder by module and factor.
 *
 * Names with and without the adapter's own name (`lora_A.default.weight`, `lora_A.weight`) are understood.
 *
 * @param checkpoint - a folder with `adapter_config.json` and `adapter_model.safetensors`, opened
 * @throws {CheckpointError} `missing-file` without a configuration, `invalid-json`, `invalid-adapter` when two tensors
 *   are the same factor of the same module
 */
export async function readAdapter(checkpoint: Checkpoint): Promise<Adapter> {
  const where = `${checkpoint.label}: adapter_config.json`;
  const bytes = await checkpoint.readFile('adapter_config.json');
  if (!bytes) {
    throw new CheckpointError({
      code: 'missing-file',
      where,
      expected: 'the configuration of an adapter',
      received: 'none',
    });
  }
  const value = readJson(bytes, { where, invalid: 'invalid-json' });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CheckpointError({
      code: 'invalid-adapter',
      where,
      expected: 'an object',
      received: describe(value),
    });
  }
  const modules = new Map<string, Map<string, string>>();
  const others = new Map<string, string>();
  for (const name of checkpoint.names) {
    const inModel = name.replace(/^base_model\.model\./, '');
    const [, module, factor, rest = ''] = FACTOR.exec(inModel) ?? [];
    if (module === undefined) {
      others.set(inModel, name);
      continue;
    }
    const factors = modules.get(module) ?? new Map<string, string>();
    const key = /(^|\.)bias$/.test(rest) ? `${factor}.bias` : factor!;
    const other = factors.get(key);
    if (other !== undefined) {
      const received = `${quote(other)} and ${quote(name)}`;
      throw new CheckpointError({
        code: 'invalid-adapter',
        where: checkpoint.label,
        expected: `one ${key} of ${module}`,
        received,
      });
    }
    modules.set(module, factors.set(key, name));
  }
  return {
    config: { text: new TextDecoder().decode(bytes), value: value as Record<string, unknown> },
    modules,
    others,
  };
}
