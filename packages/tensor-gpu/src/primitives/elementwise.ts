import { computeDType, type DType } from '../tensor/dtype.js';
import { fromHost, type Tensor } from '../tensor/tensor.js';
import { alias, broadcastTo, expandUnbatched } from './movement.js';
import { type Aval, bind, type Primitive } from './primitive.js';

/** Derivative rule of an elementwise operation: `v · ∂out/∂inputs[i]`, the same for cotangents and tangents. */
type Scale = (v: Tensor, i: number, inputs: readonly Tensor[], out: Tensor) => Tensor | null;

const registry = new Map<string, Primitive<null>>();

/** Elementwise primitives by name; executors read the operation from the name. */
export const elementwise: ReadonlyMap<string, Primitive<null>> = registry;

function define(name: string, outDType: (first: DType, last: DType) => DType, scale: Scale | null) {
  const primitive: Primitive<null> = {
    name,
    kind: 'map',
    infer: (inputs: readonly Aval[]) => ({
      shape: inputs[0].shape,
      dtype: outDType(inputs[0].dtype, inputs[inputs.length - 1].dtype),
    }),
    vjp:
      scale &&
      (({ ct, inputs, out, needs }) => inputs.map((_, i) => (needs[i] ? scale(ct, i, inputs, out) : null))),
    jvp:
      scale &&
      (({ tangents, inputs, out }) =>
        tangents.reduce<Tensor | null>((sum, t, i) => {
          const part = t && scale(t, i, inputs, out);
          return sum && part ? add(sum, part) : (part ?? sum);
        }, null)),
    batch: ({ inputs, batched, size }) => bind(primitive, expandUnbatched(inputs, batched, size), null),
  };
  registry.set(name, primitive);
  return primitive;
}

const same = (d: DType): DType => d;
const toBool = (): DType => 'bool';

const unary = (name: string, scale: Scale | null, out = same) => {
  const p = define(name, out, scale);
  return (x: Tensor): Tensor => bind(p, [x], null);
};
const binary = (name: string, scale: Scale | null, out = same) => {
  const p = define(name, out, scale);
  return (x: Tensor, y: Tensor): Tensor => bind(p, [x, y], null);
};

/** `value` in the shape and dtype of `like`, at no cost in memory. */
export function constantLike(like: Aval, value: number): Tensor {
  const dtype = computeDType(like.dtype);
  const host = dtype === 'float32' ? new Float32Array([value]) : new Int32Array([value]);
  return broadcastTo(cast(fromHost(host, [], dtype), like.dtype), like.shape);
}
const times = (x: Tensor, value: number): Tensor => mul(x, constantLike(x, value));
const plus = (x: Tensor, value: number): Tensor => add(x, constantLike(x, value));

export const neg = unary('neg', (v) => neg(v));
export const abs = unary('abs', (v, _, [x]) => mul(v, sign(x)));
export const sign = unary('sign', null);
export const floor = unary('floor', null);
export const ceil = unary('ceil', null);
export const round = unary('round', null);
export const exp = unary('exp', (v, _, __, y) => mul(v, y));
export const expm1 = unary('expm1', (v, _, __, y) => mul(v, plus(y, 1)));
export const log = unary('log', (v, _, [x]) => div(v, x));
export const log1p = unary('log1p', (v, _, [x]) => div(v, plus(x, 1)));
export const sqrt = unary('sqrt', (v, _, __, y) => div(times(v, 0.5), y));
export const rsqrt = unary('rsqrt', (v, _, [x], y) => mul(v, times(div(y, x), -0.5)));
export const reciprocal = unary('reciprocal', (v, _, __, y) => neg(mul(v, mul(y, y))));
export const sin = unary('sin', (v, _, [x]) => mul(v, cos(x)));
export const cos = unary('cos', (v, _, [x]) => neg(mul(v, sin(x))));
export const tanh = unary('tanh', (v, _, __, y) => mul(v, sub(constantLike(y, 1), mul(y, y))));
export const sigmoid = unary('sigmoid', (v, _, __, y) => mul(v, mul(y, sub(constantLike(y, 1), y))));
export const erf = unary('erf', (v, _, [x]) => mul(v, times(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))));
export const not = unary('not', null, toBool);

export const add = binary('add', (v) => v);
export const sub = binary('sub', (v, i) => (i === 0 ? v : neg(v)));
export const mul = binary('mul', (v, i, inputs) => mul(v, inputs[1 - i]));
export const div = binary('div', (v, i, [, y], out) => (i === 0 ? div(v, y) : neg(div(mul(v, out), y))));
/** `x^y`; the derivative by `y` is taken as 0 where `x` is 0. */
export const pow = binary('pow', (v, i, [x, y], out) => {
  if (i === 0) return mul(v, mul(y, pow(x, plus(y, -1))));
  const zero = eq(x, constantLike(x, 0));
  return select(zero, constantLike(v, 0), mul(v, mul(out, log(select(zero, constantLike(x, 1), x)))));
});
/** Ties share the derivative in halves. */
const share: Scale = (v, i, inputs, out) => {
  const tie = eq(inputs[0], inputs[1]);
  const half = times(v, 0.5);
  return select(tie, half, select(eq(inputs[i], out), v, constantLike(v, 0)));
};
export const maximum = binary('maximum', share);
export const minimum = binary('minimum', share);
/** `x - y·floor(x/y)`: the sign follows the divisor, as NumPy. */
export const mod = binary('mod', (v, i, [x, y]) => (i === 0 ? v : neg(mul(v, floor(div(x, y))))));

export const eq = binary('eq', null, toBool);
export const ne = binary('ne', null, toBool);
export const lt = binary('lt', null, toBool);
export const le = binary('le', null, toBool);
export const gt = binary('gt', null, toBool);
export const ge = binary('ge', null, toBool);
export const and = binary('and', null, toBool);
export const or = binary('or', null, toBool);

const selectPrimitive = define(
  'select',
  (_, last) => last,
  (v, i, [condition]) => {
    if (i === 0) return null;
    const zero = constantLike(v, 0);
    return i === 1 ? select(condition, v, zero) : select(condition, zero, v);
  },
);
/** `condition ? x : y`, elementwise; all of one shape. */
export const select = (condition: Tensor, x: Tensor, y: Tensor): Tensor =>
  bind(selectPrimitive, [condition, x, y], null);

/** Conversion between dtypes; float to int truncates towards zero and saturates, anything to bool is `x ≠ 0`. */
export const castPrimitive: Primitive<{ dtype: DType }> = {
  name: 'cast',
  kind: 'map',
  infer: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  vjp: ({ ct, inputs }) => [
    inputs[0].dtype === 'int32' || inputs[0].dtype === 'bool' ? null : cast(ct, inputs[0].dtype),
  ],
  jvp: ({ tangents: [t], params }) =>
    t && (params.dtype === 'float32' || params.dtype === 'bfloat16' || params.dtype === 'float16')
      ? cast(t, params.dtype)
      : null,
  batch: ({ inputs, params }) => bind(castPrimitive, inputs, params),
};
export const cast = (x: Tensor, dtype: DType): Tensor =>
  x.dtype === dtype ? alias(x) : bind(castPrimitive, [x], { dtype });
