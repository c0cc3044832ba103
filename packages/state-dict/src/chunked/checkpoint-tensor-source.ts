import { type Checkpoint, CheckpointError, dtypeBits } from '@weightloom/checkpoint';
import type { TensorSource } from './tensor-source.js';

/**
 * A tensor of an open checkpoint, read from it piece by piece.
 *
 * @throws {CheckpointError} `unknown-tensor` when the checkpoint has no tensor of that name
 */
export function checkpointTensorSource(checkpoint: Checkpoint, name: string, label: string): TensorSource {
  const info = checkpoint.tensors.get(name);
  if (!info) {
    const received = `none in ${checkpoint.label}`;
    throw new CheckpointError({ code: 'unknown-tensor', where: label, expected: 'a tensor', received });
  }
  const { dtype, shape } = info;
  const size = dtypeBits[dtype] / 8;
  return {
    label,
    dtype,
    shape,
    async read(begin, end, scratch, signal) {
      await checkpoint.readInto(name, [begin * size, end * size], scratch, { signal });
      return scratch;
    },
  };
}
