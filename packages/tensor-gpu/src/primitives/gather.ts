import type { Tensor } from '../tensor/tensor.js';
import { expandUnbatched, reshape } from './movement.js';
import { bind, type Primitive } from './primitive.js';

const fold = (t: Tensor): Tensor => reshape(t, [t.shape[0] * t.shape[1], ...t.shape.slice(2)]);

/** Rows by number: `x [B, N, D]`, `index [B, M]` int32 → `[B, M, D]`, `out[b, j] = x[b, index[b, j]]`. */
export const gatherPrimitive: Primitive<null> = {
  name: 'gather',
  kind: 'kernel',
  infer: ([x, index]) => ({ shape: [x.shape[0], index.shape[1], x.shape[2]], dtype: x.dtype }),
  vjp: ({ ct, inputs: [x, index] }) => [scatterAdd(index, ct, x.shape[1]), null],
  jvp: ({ tangents: [t], inputs: [, index] }) => t && gather(t, index),
  batch: ({ inputs: [x, index], batched, size }) => {
    if (!batched[0] && x.shape[0] === 1) {
      const rows = gather(x, reshape(index, [1, size * index.shape[2]]));
      return reshape(rows, [size, 1, index.shape[2], x.shape[2]]);
    }
    const [xs, indices] = expandUnbatched([x, index], batched, size);
    return reshape(gather(fold(xs), fold(indices)), [size, xs.shape[1], indices.shape[2], xs.shape[3]]);
  },
};
export const gather = (x: Tensor, index: Tensor): Tensor => bind(gatherPrimitive, [x, index], null);

/** The transpose of gather: `index [B, M]`, `updates [B, M, D]` → `[B, n, D]`, updates of one row add up in order of `M`. */
export const scatterAddPrimitive: Primitive<{ n: number }> = {
  name: 'scatterAdd',
  kind: 'kernel',
  infer: ([, updates], { n }) => ({ shape: [updates.shape[0], n, updates.shape[2]], dtype: updates.dtype }),
  vjp: ({ ct, inputs: [index] }) => [null, gather(ct, index)],
  jvp: ({ tangents: [, t], inputs: [index], params }) => t && scatterAdd(index, t, params.n),
  batch: ({ inputs, batched, size, params: { n } }) => {
    const [index, updates] = expandUnbatched(inputs, batched, size);
    const out = scatterAdd(fold(index), fold(updates), n);
    return reshape(out, [size, updates.shape[1], n, updates.shape[3]]);
  },
};
export const scatterAdd = (index: Tensor, updates: Tensor, n: number): Tensor =>
  bind(scatterAddPrimitive, [index, updates], { n });
