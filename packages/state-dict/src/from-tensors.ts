import {
  CheckpointError,
  type Dtype,
  fromFloat32,
  fromIntegers,
  type RawStateDict,
  type RawTensor,
  toFloat32,
  toInt32,
} from '@weightloom/checkpoint';
import type { Tensor } from '@weightloom/tensor-gpu';
import type { StateDict } from './state-dict.js';

export interface FromTensorsOptions {
  /**
   * A reference, usually what the tensors were loaded from: each tensor is stored in the dtype it has there, and what is
   * only there is passed through unchanged.
   */
  readonly like?: RawStateDict;
}

const natural: Record<Tensor['dtype'], Dtype> = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int32: 'I32',
  int8: 'I8',
  bool: 'BOOL',
};

/**
 * What a checkpoint holds, from tensors.
 *
 * Without `like` the dtypes are kept (float32 → F32, bfloat16 → BF16, int32 → I32, bool → BOOL, …). With it, floats are
 * rounded to the nearest, ties to even, once; values beyond the range of a dtype are refused, and so are changes of kind
 * that would lose something (fractions into a whole-number dtype).
 *
 * @returns a null-prototype record; its bytes belong to nobody else, but for tensors passed through
 * @throws {CheckpointError} `value-overflow` or `lossy-conversion`, naming the tensor
 */
export async function fromTensors(dict: StateDict, options: FromTensorsOptions = {}): Promise<RawStateDict> {
  const { like = {} } = options;
  const out = Object.assign(Object.create(null), like) as RawStateDict;
  for (const [name, tensor] of Object.entries(dict)) {
    const raw = await read(tensor);
    out[name] = Object.hasOwn(like, name) ? convert(name, raw, like[name]!.dtype) : raw;
  }
  return out;
}

async function read(tensor: Tensor): Promise<RawTensor> {
  const { buffer, byteOffset, byteLength } = await tensor.data();
  return {
    dtype: natural[tensor.dtype],
    shape: tensor.shape,
    bytes: new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength),
  };
}

function convert(name: string, raw: RawTensor, dtype: Dtype): RawTensor {
  if (raw.dtype === dtype) return raw;
  const { shape } = raw;
  try {
    if (isWhole(raw.dtype) && isWhole(dtype)) return fromIntegers(toInt32(raw), dtype, shape);
    return fromFloat32(toFloat32(raw), dtype, { shape });
  } catch (error) {
    if (!CheckpointError.isInstance(error)) throw error;
    const { code, expected, received } = error;
    const where = `fromTensors: ${JSON.stringify(name)}`;
    throw new CheckpointError({ code, where, expected, received, cause: error });
  }
}

const isWhole = (dtype: Dtype) => /^(I|U|BOOL)/.test(dtype);
