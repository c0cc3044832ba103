import { hostArray } from '../tensor/dtype.js';
import { sameShape, type Shape } from '../tensor/shape.js';
import { fromHost, type Tensor } from '../tensor/tensor.js';
import { bind, type Primitive } from './primitive.js';
import { sum } from './reduce.js';

/**
 * Traced values may be returned as they are. A concrete result always gets a handle of its own, so that disposing it never
 * takes an operand away.
 */
const isTraced = (x: Tensor): boolean => x.trace !== null;

/** The same value behind a handle of its own. */
export const alias = (x: Tensor): Tensor => reshape(x, x.shape);

/** Same elements in row-major order under another shape. */
export const reshapePrimitive: Primitive<{ shape: Shape }> = {
  name: 'reshape',
  kind: 'view',
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  view: ({ shape }) => ({ op: 'reshape', shape }),
  vjp: ({ ct, inputs }) => [reshape(ct, inputs[0].shape)],
  jvp: ({ tangents: [t], params }) => t && reshape(t, params.shape),
  batch: ({ inputs: [x], size, params }) => reshape(x, [size, ...params.shape]),
};
export const reshape = (x: Tensor, shape: Shape): Tensor =>
  isTraced(x) && sameShape(x.shape, shape) ? x : bind(reshapePrimitive, [x], { shape });

/** `out.shape[i] = x.shape[perm[i]]`. */
export const transposePrimitive: Primitive<{ perm: readonly number[] }> = {
  name: 'transpose',
  kind: 'view',
  infer: ([x], { perm }) => ({ shape: perm.map((p) => x.shape[p]), dtype: x.dtype }),
  view: ({ perm }) => ({ op: 'transpose', perm }),
  vjp: ({ ct, params }) => [transpose(ct, inverse(params.perm))],
  jvp: ({ tangents: [t], params }) => t && transpose(t, params.perm),
  batch: ({ inputs: [x], params }) => transpose(x, [0, ...params.perm.map((p) => p + 1)]),
};
export const transpose = (x: Tensor, perm: readonly number[]): Tensor =>
  isTraced(x) && perm.every((p, i) => p === i) ? x : bind(transposePrimitive, [x], { perm });

const inverse = (perm: readonly number[]): number[] => {
  const out = new Array<number>(perm.length);
  perm.forEach((p, i) => (out[p] = i));
  return out;
};

/** NumPy broadcasting to `shape`: axes align from the right, axes of size 1 repeat. */
export const broadcastPrimitive: Primitive<{ shape: Shape }> = {
  name: 'broadcast',
  kind: 'view',
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  view: ({ shape }) => ({ op: 'broadcast', shape }),
  vjp: ({ ct, inputs: [x] }) => {
    const shift = ct.shape.length - x.shape.length;
    const axes = ct.shape.flatMap((d, i) => (i < shift || (x.shape[i - shift] === 1 && d !== 1) ? [i] : []));
    return [reshape(axes.length ? sum(ct, axes) : ct, x.shape)];
  },
  jvp: ({ tangents: [t], params }) => t && broadcastTo(t, params.shape),
  batch: ({ inputs: [x], size, params }) => {
    const ones = new Array<number>(params.shape.length - (x.shape.length - 1)).fill(1);
    return broadcastTo(reshape(x, [size, ...ones, ...x.shape.slice(1)]), [size, ...params.shape]);
  },
};
export const broadcastTo = (x: Tensor, shape: Shape): Tensor =>
  isTraced(x) && sameShape(x.shape, shape) ? x : bind(broadcastPrimitive, [x], { shape });

/** A box of `x`: element `i` of axis `a` is `starts[a] + i·steps[a]`; steps may be negative. */
export interface SliceParams {
  readonly starts: Shape;
  readonly sizes: Shape;
  readonly steps: readonly number[];
}
export const slicePrimitive: Primitive<SliceParams> = {
  name: 'slice',
  kind: 'view',
  infer: ([x], { sizes }) => ({ shape: sizes, dtype: x.dtype }),
  view: (params) => ({ op: 'slice', ...params }),
  vjp: ({ ct, inputs: [x], params }) => [embed(ct, { shape: x.shape, ...params })],
  jvp: ({ tangents: [t], params }) => t && slice(t, params),
  batch: ({ inputs: [x], size, params: { starts, sizes, steps } }) =>
    slice(x, { starts: [0, ...starts], sizes: [size, ...sizes], steps: [1, ...steps] }),
};
export const slice = (x: Tensor, params: SliceParams): Tensor =>
  isTraced(x) && sameShape(x.shape, params.sizes) && params.steps.every((s) => s === 1)
    ? x
    : bind(slicePrimitive, [x], params);

/** The transpose of `slice`: zeros of `shape` with `x` in the box. */
export const embedPrimitive: Primitive<SliceParams & { readonly shape: Shape }> = {
  name: 'embed',
  kind: 'kernel',
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  vjp: ({ ct, params: { starts, sizes, steps } }) => [slice(ct, { starts, sizes, steps })],
  jvp: ({ tangents: [t], params }) => t && embed(t, params),
  batch: ({ inputs: [x], size, params: { shape, starts, sizes, steps } }) =>
    embed(x, {
      shape: [size, ...shape],
      starts: [0, ...starts],
      sizes: [size, ...sizes],
      steps: [1, ...steps],
    }),
};
export const embed = (x: Tensor, params: SliceParams & { readonly shape: Shape }): Tensor =>
  bind(embedPrimitive, [x], params);

/** Joins tensors along `axis`; the other axes agree. */
export const concatPrimitive: Primitive<{ axis: number }> = {
  name: 'concat',
  kind: 'kernel',
  infer: (inputs, { axis }) => ({
    shape: inputs[0].shape.map((d, i) => (i === axis ? inputs.reduce((n, x) => n + x.shape[axis], 0) : d)),
    dtype: inputs[0].dtype,
  }),
  vjp: ({ ct, inputs, params: { axis }, needs }) => {
    let at = 0;
    return inputs.map((x, i) => {
      const starts = x.shape.map((_, a) => (a === axis ? at : 0));
      at += x.shape[axis];
      return needs[i] ? slice(ct, { starts, sizes: x.shape, steps: x.shape.map(() => 1) }) : null;
    });
  },
  jvp: ({ tangents, inputs, params: { axis } }) =>
    concat(
      tangents.map((t, i) => t ?? zerosLike(inputs[i])),
      axis,
    ),
  batch: ({ inputs, batched, size, params: { axis } }) =>
    concat(expandUnbatched(inputs, batched, size), axis + 1),
};
export const concat = (inputs: readonly Tensor[], axis: number): Tensor =>
  inputs.length === 1 ? alias(inputs[0]) : bind(concatPrimitive, inputs, { axis });

/** Gives unbatched inputs of a batching rule a batch axis, by broadcasting. */
export const expandUnbatched = (
  inputs: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
): Tensor[] =>
  inputs.map((x, i) => (batched[i] ? x : broadcastTo(reshape(x, [1, ...x.shape]), [size, ...x.shape])));

/** Zeros in the shape and dtype of `x`, at no cost in memory. */
export const zerosLike = (x: { shape: Shape; dtype: Tensor['dtype'] }): Tensor =>
  broadcastTo(fromHost(hostArray(x.dtype, 1), [], x.dtype), x.shape);
