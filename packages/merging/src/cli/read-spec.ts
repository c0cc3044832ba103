import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StateDict } from '@weightloom/state-dict';
import { autoSpec } from '../align/auto-spec.js';
import { parsePermutationSpec } from '../align/parse-permutation-spec.js';
import type { PermutationSpec } from '../align/permutation-spec.js';
import { type JsonObject, numberAt, parseJsonObject } from '../internal/json.js';

/** What `--spec` asks for: `auto`, or a file; heads are taken from the options, or from the model's config.json. */
export async function readSpec(
  params: StateDict,
  model: string,
  { spec, heads, kvHeads }: { readonly spec: string; readonly heads?: number; readonly kvHeads?: number },
): Promise<PermutationSpec> {
  if (spec !== 'auto') return parsePermutationSpec(await readFile(spec, 'utf8'), spec);
  const config = await readConfig(model);
  const stated = (...keys: string[]) =>
    keys.map((key) => config && numberAt(config, key)).find((value) => value !== undefined);
  return autoSpec(params, {
    heads: heads ?? stated('num_attention_heads', 'n_head'),
    kvHeads: kvHeads ?? (heads === undefined ? stated('num_key_value_heads') : undefined),
  });
}

async function readConfig(model: string): Promise<JsonObject | undefined> {
  const found = await stat(model).catch(() => undefined);
  if (!found?.isDirectory()) return undefined;
  const text = await readFile(join(model, 'config.json'), 'utf8').catch(() => '');
  return parseJsonObject(text);
}
