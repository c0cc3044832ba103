import type { Tensor } from '../tensor/tensor.js';
import { add, mul } from './elementwise.js';
import { broadcastTo, expandUnbatched, reshape, transpose } from './movement.js';
import { bind, type Primitive } from './primitive.js';

/**
 * Batched matrix product `[B, M, K] × [B, K, N] → [B, M, N]`; views (transposed, broadcast) are read in place, so there are no
 * transpose flags.
 */
export const dotPrimitive: Primitive<null> = {
  name: 'dot',
  kind: 'kernel',
  infer: ([a, b]) => ({ shape: [a.shape[0], a.shape[1], b.shape[2]], dtype: 'float32' }),
  vjp: ({ ct, inputs: [a, b], needs }) => [
    needs[0] ? dot(ct, transpose(b, [0, 2, 1])) : null,
    needs[1] ? dot(transpose(a, [0, 2, 1]), ct) : null,
  ],
  jvp: ({ tangents: [ta, tb], inputs: [a, b] }) => {
    const left = ta && dot(ta, b);
    const right = tb && dot(a, tb);
    return left && right ? add(left, right) : (left ?? right);
  },
  batch: ({ inputs: [a, b], batched, size }) => {
    const [m, n] = [a.shape.at(-2)!, b.shape.at(-1)!];
    if (batched[0] && !batched[1] && b.shape[0] === 1) {
      // One shared right side: the examples are just more rows.
      const rows = reshape(a, [1, size * m, a.shape.at(-1)!]);
      return reshape(dot(rows, b), [size, 1, m, n]);
    }
    if (!batched[0] && batched[1] && a.shape[0] === 1 && m > 1) {
      const k = b.shape.at(-2)!;
      const columns = reshape(transpose(reshape(b, [size, k, n]), [1, 0, 2]), [1, k, size * n]);
      return transpose(reshape(dot(a, columns), [m, size, 1, n]), [1, 2, 0, 3]);
    }
    const [x, y] = expandUnbatched([a, b], batched, size);
    const batch = x.shape[1];
    const flat = (t: Tensor): Tensor => reshape(t, [size * batch, t.shape[2], t.shape[3]]);
    return reshape(dot(flat(x), flat(y)), [size, batch, m, n]);
  },
};

export const dot = (a: Tensor, b: Tensor): Tensor => {
  const batch = Math.max(a.shape[0], b.shape[0]);
  if (a.shape[2] === 1) {
    // An outer product is elementwise: it fuses, and needs no packing.
    const shape = [batch, a.shape[1], b.shape[2]];
    return mul(broadcastTo(a, shape), broadcastTo(b, shape));
  }
  const fit = (x: Tensor): Tensor => broadcastTo(x, [batch, x.shape[1], x.shape[2]]);
  return bind(dotPrimitive, [fit(a), fit(b)], null);
};
