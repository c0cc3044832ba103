import { type Dtype, type RawStateDict, type RawTensor, toFloat32, toInt32 } from '@weightloom/checkpoint';
import { type DType, type Tensor, tensor } from '@weightloom/tensor-gpu';

const fileTypes: Record<DType, Dtype> = {
  float32: 'F32',
  bfloat16: 'BF16',
  float16: 'F16',
  int32: 'I32',
  int8: 'I8',
  bool: 'BOOL',
};

/** A tensor as a file holds it: the same values in the same dtype. */
export async function toRaw(t: Tensor): Promise<RawTensor> {
  const values = await t.data();
  return {
    dtype: fileTypes[t.dtype],
    shape: t.shape,
    bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  };
}

/** Tensors of a record as a file holds them. */
export async function toRawDict(tensors: Readonly<Record<string, Tensor>>): Promise<RawStateDict> {
  const out = Object.create(null) as RawStateDict;
  for (const [name, t] of Object.entries(tensors)) out[name] = await toRaw(t);
  return out;
}

/** A stored tensor to compute with: integers as int32, everything else as float32; what would lose information is refused. */
export function fromRaw(raw: RawTensor): Tensor {
  if (raw.dtype === 'I32' || raw.dtype === 'I64') return tensor(toInt32(raw), raw.shape);
  return tensor(toFloat32(raw), raw.shape);
}

/** The number of elements read as raw 16-bit codes; a copy, so that any alignment will do. */
const codes = ({ bytes }: RawTensor): Uint16Array => new Uint16Array(bytes.slice().buffer);

/** A stored tensor in the dtype it was stored in. */
export function fromRawExactly(raw: RawTensor): Tensor {
  if (raw.dtype === 'BF16') return tensor(codes(raw), raw.shape, 'bfloat16');
  if (raw.dtype === 'F16') return tensor(codes(raw), raw.shape, 'float16');
  return fromRaw(raw);
}
