import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { cast, constantLike, div, eq, mul, select } from './elementwise.js';
import { alias, broadcastTo, reshape } from './movement.js';
import { bind, type JvpContext, type Primitive, type VjpContext } from './primitive.js';

/** Axes are sorted and distinct; they vanish from the shape. */
export interface ReduceParams {
  readonly axes: readonly number[];
}

export const without = (shape: Shape, axes: readonly number[]): number[] =>
  shape.filter((_, i) => !axes.includes(i));

/** Puts reduced axes back by repeating. */
export const spread = (x: Tensor, axes: readonly number[], shape: Shape): Tensor =>
  broadcastTo(
    reshape(
      x,
      shape.map((d, i) => (axes.includes(i) ? 1 : d)),
    ),
    shape,
  );

function define(
  name: string,
  vjp: (context: VjpContext<ReduceParams>) => Tensor,
  jvp: (context: JvpContext<ReduceParams>, t: Tensor) => Tensor,
) {
  const primitive: Primitive<ReduceParams> = {
    name,
    kind: 'reduce',
    infer: ([x], { axes }) => ({ shape: without(x.shape, axes), dtype: x.dtype }),
    vjp: (context) => [vjp(context)],
    jvp: (context) => context.tangents[0] && jvp(context, context.tangents[0]),
    batch: ({ inputs, params }) => bind(primitive, inputs, { axes: params.axes.map((a) => a + 1) }),
  };
  return primitive;
}

export const sumPrimitive = define(
  'sum',
  ({ ct, inputs: [x], params }) => spread(ct, params.axes, x.shape),
  ({ params }, t) => sum(t, params.axes),
);
export const sum = (x: Tensor, axes: readonly number[]): Tensor =>
  axes.length === 0 ? alias(x) : bind(sumPrimitive, [x], { axes });

/** Share of each element in an extremum: 1 divided by the number of ties, 0 elsewhere. */
function shares(x: Tensor, out: Tensor, axes: readonly number[]): Tensor {
  const hit = cast(eq(x, spread(out, axes, x.shape)), 'float32');
  return div(hit, spread(sum(hit, axes), axes, x.shape));
}
const extremum = (name: string) =>
  define(
    name,
    ({ ct, inputs: [x], out, params }) => mul(spread(ct, params.axes, x.shape), shares(x, out, params.axes)),
    ({ inputs: [x], out, params }, t) => sum(mul(t, shares(x, out, params.axes)), params.axes),
  );

/** Largest element; NaN where there is one; ties share the derivative evenly. */
export const maxPrimitive = extremum('max');
export const max = (x: Tensor, axes: readonly number[]): Tensor =>
  axes.length === 0 ? alias(x) : bind(maxPrimitive, [x], { axes });

/** Smallest element; NaN where there is one; ties share the derivative evenly. */
export const minPrimitive = extremum('min');
export const min = (x: Tensor, axes: readonly number[]): Tensor =>
  axes.length === 0 ? alias(x) : bind(minPrimitive, [x], { axes });

/** Product of the other elements: exact also where one element is zero; with two zeros it is 0. */
function others(x: Tensor, out: Tensor, axes: readonly number[]): Tensor {
  const zero = eq(x, constantLike(x, 0));
  const filled = select(zero, constantLike(x, 1), x);
  const rest = spread(prod(filled, axes), axes, x.shape);
  const zeros = spread(sum(cast(zero, 'float32'), axes), axes, x.shape);
  const none = constantLike(x, 0);
  const single = select(eq(zeros, constantLike(zeros, 1)), select(zero, rest, none), none);
  return select(eq(zeros, none), div(spread(out, axes, x.shape), filled), single);
}
export const prodPrimitive = define(
  'prod',
  ({ ct, inputs: [x], out, params }) => mul(spread(ct, params.axes, x.shape), others(x, out, params.axes)),
  ({ inputs: [x], out, params }, t) => sum(mul(t, others(x, out, params.axes)), params.axes),
);
export const prod = (x: Tensor, axes: readonly number[]): Tensor =>
  axes.length === 0 ? alias(x) : bind(prodPrimitive, [x], { axes });

/** Position of the first extremum along one axis; the first NaN wins. */
export const argPrimitive: Primitive<{ axis: number; kind: 'max' | 'min' }> = {
  name: 'arg',
  kind: 'kernel',
  infer: ([x], { axis }) => ({ shape: without(x.shape, [axis]), dtype: 'int32' }),
  vjp: null,
  jvp: null,
  batch: ({ inputs, params }) => bind(argPrimitive, inputs, { ...params, axis: params.axis + 1 }),
};

/** Running sum along one axis, from the end when `reverse`. */
export const cumsumPrimitive: Primitive<{ axis: number; reverse: boolean }> = {
  name: 'cumsum',
  kind: 'kernel',
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  vjp: ({ ct, params }) => [bind(cumsumPrimitive, [ct], { ...params, reverse: !params.reverse })],
  jvp: ({ tangents: [t], params }) => t && bind(cumsumPrimitive, [t], params),
  batch: ({ inputs, params }) => bind(cumsumPrimitive, inputs, { ...params, axis: params.axis + 1 }),
};

/** Stable order along the last axis, NaN last. */
export const argsortPrimitive: Primitive<{ descending: boolean }> = {
  name: 'argsort',
  kind: 'kernel',
  infer: ([x]) => ({ shape: x.shape, dtype: 'int32' }),
  vjp: null,
  jvp: null,
  batch: ({ inputs, params }) => bind(argsortPrimitive, inputs, params),
};
