import { type Checkpoint, CheckpointError, type Dtype, type RawStateDict } from '@weightloom/checkpoint';
import { cast, ShapeError } from '@weightloom/tensor-gpu';
import { parseJson } from '../internal/parse-json.js';
import { fromRaw, fromRawExactly } from '../internal/raw-tensors.js';
import type { LongWorkOptions } from '../internal/long-work.js';
import type { LanguageModel, StateDict } from '../model.js';
import type { Decoder } from '../models/decoder.js';
import { type HuggingFaceConfig, readConfig } from './read-config.js';
import { loadTokenizer, type TextTokenizer } from './text-tokenizer.js';

export interface LoadLanguageModelOptions extends LongWorkOptions {
  /** Longest text, in tokens, if shorter than the configuration's: saves memory for positions. */
  readonly context?: number;
  /** `float32` widens everything once; `stored` keeps bfloat16 and float16 weights in 16 bits and widens them while computing. Default `float32`. */
  readonly weights?: 'float32' | 'stored';
}

/** A model folder in memory. */
export interface LoadedLanguageModel {
  readonly model: LanguageModel;
  readonly params: StateDict;
  /** `config.json` as it was. */
  readonly config: HuggingFaceConfig;
  /** From `tokenizer.json`, where there is one. */
  readonly tokenizer?: TextTokenizer;
  /** How each weight was stored. */
  readonly dtypes: Readonly<Record<string, Dtype>>;
  /** Tensors that are no weights of the forward pass (old attention masks), passed through when saving. */
  readonly extras: RawStateDict;
  /** Configuration and tokenizer files, passed through when saving. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Buffers of old checkpoints: causal masks and rotary frequencies, which we compute. */
const isBuffer = (name: string): boolean => /\.(attn\.(bias|masked_bias)|rotary_emb\.inv_freq)$/.test(name);

/**
 * Loads a Hugging Face model folder (`config.json` and safetensors) of type gpt2, llama, mistral or qwen2. The checkpoint stays open.
 *
 * @throws {RangeError} for a configuration we cannot compute; names the key
 * @throws {ShapeError} when configuration and weights do not fit; names the weight
 * @throws {CheckpointError} for what is wrong with the files
 */
export async function loadLanguageModel(
  checkpoint: Checkpoint,
  { context, weights = 'float32', onProgress, signal }: LoadLanguageModelOptions = {},
): Promise<LoadedLanguageModel> {
  const files = await checkpoint.readModelFiles({ signal });
  const config = parseConfig(checkpoint.label, files.get('config.json'));
  const prefixed = checkpoint.names.some((name) => name.startsWith('transformer.'));
  const model = readConfig(config, { prefixed, context });
  const shapes = expectedShapes(model, checkpoint);
  const [params, extras] = [Object.create(null) as StateDict, Object.create(null) as RawStateDict];
  const dtypes: Record<string, Dtype> = {};
  let done = 0;
  for (const name of checkpoint.names) {
    signal?.throwIfAborted();
    const raw = await checkpoint.read(name, { signal });
    if (shapes.has(name)) {
      params[name] = weights === 'stored' ? fromRawExactly(raw) : cast(fromRaw(raw), 'float32');
      dtypes[name] = raw.dtype;
    } else {
      extras[name] = raw;
    }
    onProgress?.({ done: ++done, total: checkpoint.names.length, label: name });
  }
  const tokenizer = await loadTokenizer(checkpoint.label, files);
  return { model, params, config, ...(tokenizer && { tokenizer }), dtypes, extras, files };
}

function parseConfig(label: string, bytes: Uint8Array | undefined): HuggingFaceConfig {
  if (!bytes) {
    throw new CheckpointError({
      code: 'missing-file',
      where: label,
      expected: 'a file "config.json"',
      received: 'none',
    });
  }
  return parseJson(`config.json of ${label}`, bytes);
}

/** The names the model needs; refuses weights that are missing, of another shape, or not of this model. */
function expectedShapes(model: Decoder, { tensors, tied, label }: Checkpoint): Set<string> {
  const fail = (expected: string, received: string): never => {
    throw new ShapeError({ where: label, expected: `${expected}, as config.json says`, received });
  };
  const names = new Set<string>();
  for (const { name, shape } of model.weights) {
    const info = tensors.get(name);
    const wanted = `"${name}" of shape [${shape.join(', ')}]`;
    if (!info) return fail(wanted, tied.has(name) ? `an alias of "${tied.get(name)}"` : 'no such tensor');
    if (info.shape.join() !== shape.join()) fail(wanted, `[${info.shape.join(', ')}]`);
    names.add(name);
  }
  const extra = [...tensors.keys()].find(
    (name) => !names.has(name) && !isBuffer(name) && name !== 'lm_head.weight',
  );
  if (extra !== undefined) fail(`no "${extra}" in a ${model.config.type} model of this size`, 'that tensor');
  return names;
}
