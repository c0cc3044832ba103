import {
  type CheckpointTarget,
  createCheckpointWriter,
  type Dtype,
  fromFloat32,
  type RawTensor,
  type WrittenCheckpoint,
} from '@weightloom/checkpoint';
import { cast, type Tensor } from '@weightloom/tensor-gpu';
import { checkSameDict } from '../internal/dict.js';
import { toRaw } from '../internal/raw-tensors.js';
import type { StateDict } from '../model.js';
import type { LoadedLanguageModel } from './load-language-model.js';

export interface SaveLanguageModelOptions {
  readonly target: CheckpointTarget;
  /** The folder the weights came from: its names, dtypes, configuration and tokenizer are kept. */
  readonly loaded: LoadedLanguageModel;
  /** What to save; default the loaded weights. */
  readonly params?: StateDict;
  /** Stores every weight in this dtype; default each as it was. Then `torch_dtype` in `config.json` no longer speaks the truth and is changed. */
  readonly dtype?: 'F32' | 'BF16' | 'F16';
  /** Splits larger models, e.g. `5GB`. */
  readonly maxShardSize?: string | number;
}

const names = { F32: 'float32', BF16: 'bfloat16', F16: 'float16' } as const;

/**
 * Writes a Hugging Face model folder: weights in their old dtypes (or one), what was no weight byte for byte, `config.json` and the
 * tokenizer's files. Nothing appears before all is written.
 *
 * @throws {ShapeError} when `params` has other names or shapes than were loaded
 * @throws {CheckpointError} when a value does not fit the dtype, names the weight
 */
export async function saveLanguageModel({
  target,
  loaded,
  params = loaded.params,
  dtype,
  maxShardSize,
}: SaveLanguageModelOptions): Promise<WrittenCheckpoint> {
  checkSameDict('saveLanguageModel', loaded.params, params, 'weights');
  const dtypeOf = (name: string): Dtype => dtype ?? loaded.dtypes[name];
  const writer = await createCheckpointWriter({
    target,
    tensors: [
      ...Object.entries(params).map(([name, { shape }]) => ({ name, shape, dtype: dtypeOf(name) })),
      ...Object.entries(loaded.extras).map(([name, raw]) => ({ name, shape: raw.shape, dtype: raw.dtype })),
    ],
    files: filesFor(loaded, dtype),
    ...(maxShardSize !== undefined && { maxShardSize }),
  });
  try {
    for (const [name, t] of Object.entries(params)) await writer.write(name, await stored(t, dtypeOf(name)));
    for (const [name, raw] of Object.entries(loaded.extras)) await writer.write(name, raw);
    return await writer.close();
  } finally {
    await writer.abort();
  }
}

const storage = { BF16: 'bfloat16', F16: 'float16', F32: 'float32' } as const;

async function stored(t: Tensor, dtype: Dtype): Promise<RawTensor> {
  if (t.dtype === storage[dtype as keyof typeof storage]) return toRaw(t);
  const wide = t.dtype === 'float32' ? t : cast(t, 'float32');
  const values = (await wide.data()) as Float32Array;
  if (wide !== t) wide.dispose();
  return fromFloat32(values, dtype, { shape: t.shape });
}

/** The files of the folder; `config.json` tells the new dtype. */
function filesFor(
  { files, config }: LoadedLanguageModel,
  dtype: SaveLanguageModelOptions['dtype'],
): Map<string, Uint8Array> {
  const out = new Map(files);
  if (!dtype) return out;
  const key = 'dtype' in config ? 'dtype' : 'torch_dtype';
  const text = JSON.stringify({ ...config, [key]: names[dtype] }, null, 2);
  return out.set('config.json', new TextEncoder().encode(`${text}\n`));
}
