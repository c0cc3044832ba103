import { DTypeError, ShapeError, TraceError } from '../errors.js';
import { zerosLike } from '../primitives/movement.js';
import { bind, type Primitive } from '../primitives/primitive.js';
import { isFloat } from '../tensor/dtype.js';
import { sameShape, showShape } from '../tensor/shape.js';
import { fromHost, Tensor } from '../tensor/tensor.js';
import { type Trace, withTrace } from './trace.js';
import { flatten } from './tree.js';

interface Dual {
  readonly primal: Tensor;
  readonly tangent: Tensor;
}

/** Forward mode: every value carries its directional derivative. */
export class JvpTrace implements Trace {
  readonly name = 'jvp';
  active = true;
  readonly level: number;

  constructor(level: number) {
    this.level = level;
  }

  lift(primal: Tensor, tangent: Tensor): Tensor {
    const payload: Dual = { primal, tangent };
    return new Tensor(primal.shape, primal.dtype, { trace: this, payload });
  }

  concrete(t: Tensor): Tensor {
    return (t.payload as Dual).primal;
  }

  primalOf(t: Tensor): Tensor {
    return t.trace === this ? (t.payload as Dual).primal : t;
  }

  tangentOf(t: Tensor): Tensor | null {
    return t.trace === this ? (t.payload as Dual).tangent : null;
  }

  process<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
    const primals = inputs.map((t) => this.primalOf(t));
    const tangents = inputs.map((t) => (isFloat(t.dtype) ? this.tangentOf(t) : null));
    const out = bind(primitive, primals, params);
    if (!primitive.jvp || !isFloat(out.dtype) || tangents.every((t) => t === null)) return out;
    const tangent = primitive.jvp({ tangents, inputs: primals, out, params });
    return tangent ? this.lift(out, tangent) : out;
  }
}

const asTensor = (leaf: Tensor | number): Tensor =>
  typeof leaf === 'number' ? fromHost(new Float32Array([leaf]), [], 'float32') : leaf;

/**
 * `jvp(f, primals, tangents) → [f(...primals), df/d(primals) · tangents]` in one forward pass. Tangents have the structure
 * and shapes of the primals; those of integer leaves are ignored.
 *
 * @throws {TraceError} when structures differ
 * @throws {ShapeError} when a tangent's shape differs from its primal's
 */
export function jvp<A extends readonly unknown[], R>(f: (...args: A) => R, primals: A, tangents: A): [R, R] {
  const from = flatten(primals, 'jvp: primals');
  const along = flatten(tangents, 'jvp: tangents');
  if (from.def.key !== along.def.key) {
    throw new TraceError({
      where: 'jvp',
      expected: `tangents of the structure of the primals, ${from.def.key}`,
      received: along.def.key,
    });
  }
  return withTrace(
    (level) => new JvpTrace(level),
    (trace) => {
      const lifted = from.leaves.map((leaf, i) => {
        const [x, t] = [asTensor(leaf), asTensor(along.leaves[i])];
        if (!isFloat(x.dtype)) return x;
        if (!sameShape(x.shape, t.shape)) {
          throw new ShapeError({
            where: 'jvp',
            expected: `a tangent of shape ${showShape(x.shape)} for leaf ${i}`,
            received: showShape(t.shape),
          });
        }
        if (!isFloat(t.dtype))
          throw new DTypeError({ where: 'jvp', expected: 'float tangents', received: t.dtype });
        return trace.lift(x, t);
      });
      const result = flatten(f(...(from.def.build(lifted) as A)), 'jvp: the result of the function');
      const outs = result.leaves.map(asTensor);
      return [
        result.def.build(outs.map((t) => trace.primalOf(t))) as R,
        result.def.build(outs.map((t) => trace.tangentOf(t) ?? zerosLike(t))) as R,
      ];
    },
  );
}
