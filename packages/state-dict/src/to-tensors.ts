import {
  CheckpointError,
  type RawStateDict,
  type RawTensor,
  toFloat32,
  toInt32,
  toUint8,
} from '@weightloom/checkpoint';
import { type Tensor, tensor } from '@weightloom/tensor-gpu';
import { type StateDict, stateDict } from './state-dict.js';

export interface ToTensorsOptions {
  /**
   * What becomes of F16, BF16 and I8:
   * - `'compute'` (default): float32 for the floats, int32 for I8, ready to compute and to train with;
   * - `'keep'`: float16, bfloat16, int8, half the memory or less.
   */
  readonly storage?: 'compute' | 'keep';
  /** Which tensors to convert (default: all). */
  readonly filter?: (name: string, raw: RawTensor) => boolean;
  /** Round F64 values that float32 does not hold (default `false`: refuse the first one). */
  readonly allowLoss?: boolean;
}

/**
 * Tensors from what a checkpoint holds.
 *
 * F64, F32, F16, BF16 and the F8 kinds become float32, whole numbers int32, BOOL bool. What float32 or int32 does not
 * hold exactly is refused, and so are dtypes there is no tensor for (C64, F6): leave them out with `filter`, and
 * `fromTensors(dict, { like })` passes them through.
 *
 * @returns a state dict with the names of `raws`
 * @throws {CheckpointError} `lossy-conversion`, `value-overflow` or `unsupported-conversion`, naming the tensor
 */
export function toTensors(raws: RawStateDict, options: ToTensorsOptions = {}): StateDict {
  const { filter = () => true } = options;
  const chosen = Object.entries(raws).filter(([name, raw]) => filter(name, raw));
  return stateDict(chosen.map(([name, raw]) => [name, toTensor(name, raw, options)] as const));
}

function toTensor(name: string, raw: RawTensor, options: ToTensorsOptions): Tensor {
  try {
    return convert(raw, options);
  } catch (error) {
    if (!CheckpointError.isInstance(error)) throw error;
    const { code, expected, received } = error;
    const where = `toTensors: ${JSON.stringify(name)}`;
    throw new CheckpointError({ code, where, expected, received, cause: error });
  }
}

function convert(raw: RawTensor, { storage = 'compute', allowLoss }: ToTensorsOptions): Tensor {
  const { dtype, bytes } = raw;
  const shape = [...raw.shape];
  if (storage === 'keep') {
    if (dtype === 'BF16') return tensor(codes(bytes), shape, 'bfloat16');
    if (dtype === 'F16') return tensor(codes(bytes), shape, 'float16');
    if (dtype === 'I8') return tensor(Int8Array.from(toInt32(raw)), shape, 'int8');
  }
  if (dtype === 'BOOL') return tensor(toUint8(raw), shape, 'bool');
  if (/^[IU]\d/.test(dtype)) return tensor(toInt32(raw), shape, 'int32');
  return tensor(toFloat32(raw, { allowLoss }), shape, 'float32');
}

function codes(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / 2);
}
