import { type RawStateDict, serializeSafetensors } from '@weightloom/checkpoint';
import type { LoraAdapter } from './lora-adapter.js';
import { PREFIX } from './parse-lora-adapter.js';
import { serializeLoraConfig } from './serialize-lora-config.js';

/** The files of an adapter, ready to be written. */
export interface SerializedAdapter {
  /** `adapter_config.json`. */
  readonly config: string;
  /** `adapter_model.safetensors`. */
  readonly weights: Uint8Array;
}

/**
 * An adapter as PEFT stores it: every name starts with `base_model.model.`, no name holds the adapter's own; the bytes are those
 * the Python writer makes of the same tensors.
 */
export function serializeLoraAdapter(adapter: LoraAdapter): SerializedAdapter {
  const weights = serializeSafetensors(adapterTensors(adapter), { format: 'pt' });
  return { config: serializeLoraConfig(adapter.config), weights };
}

/** The tensors of an adapter by the names they have in the file. */
export function adapterTensors({ layers, saved, tokens }: LoraAdapter): RawStateDict {
  const out = Object.create(null) as RawStateDict;
  for (const [path, { kind, a, b, bias, magnitude }] of layers) {
    const [nameA, nameB] =
      kind === 'embedding' ? ['lora_embedding_A', 'lora_embedding_B'] : ['lora_A.weight', 'lora_B.weight'];
    out[`${PREFIX}${path}.${nameA}`] = a;
    out[`${PREFIX}${path}.${nameB}`] = b;
    if (bias) out[`${PREFIX}${path}.lora_B.bias`] = bias;
    if (magnitude) out[`${PREFIX}${path}.lora_magnitude_vector`] = magnitude;
  }
  for (const [name, tensor] of saved) out[PREFIX + name] = tensor;
  for (const [path, tensor] of tokens) out[`${PREFIX}${path}.token_adapter.trainable_tokens_delta`] = tensor;
  return out;
}
