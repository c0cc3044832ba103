import { TraceError } from '../errors.js';
import { bind, type Primitive } from '../primitives/primitive.js';
import { isFloat } from '../tensor/dtype.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { GradTrace, vjp } from '../trace/grad.js';
import { innermost } from '../trace/trace.js';

/** The identity, through which no derivative passes. */
const stopPrimitive: Primitive<{ shape: Shape }> = {
  name: 'stopGradient',
  kind: 'view',
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  view: ({ shape }) => ({ op: 'reshape', shape }),
  vjp: null,
  jvp: null,
  batch: ({ inputs: [x] }) => bind(stopPrimitive, [x], { shape: x.shape }),
};

/** The same value; derivatives treat it as constant. */
export const stopGradient = (x: Tensor): Tensor => bind(stopPrimitive, [x], { shape: x.shape });

/** What a function with a derivative of its own returns: the value, and how a cotangent of it becomes cotangents of the inputs. */
export interface CustomGradResult {
  readonly value: Tensor;
  readonly grad: (cotangent: Tensor) => readonly (Tensor | null)[];
}

/**
 * A function with its own reverse rule, e.g. a straight-through estimator. `f` gets the inputs one level below the innermost
 * `grad`; `grad(ct)` gives one cotangent (or `null`) per input. Outside `grad`, and in forward mode, `f` is differentiated as
 * it is written.
 */
export function customGrad<A extends readonly Tensor[]>(
  f: (...inputs: A) => CustomGradResult,
): (...inputs: A) => Tensor {
  const run = (...inputs: A): Tensor => {
    const trace = innermost(inputs);
    if (!(trace instanceof GradTrace)) return f(...inputs).value;
    const { value, grad } = f(...(inputs.map((t) => trace.below(t)) as unknown as A));
    if (value.trace === trace) throw closesOver('customGrad');
    const indices = inputs.map((t) => (isFloat(t.dtype) ? trace.indexOf(t) : -1));
    return trace.record(value, indices, (ct) => {
      const parts = grad(ct);
      if (parts.length !== inputs.length) {
        throw new TraceError({
          where: 'customGrad',
          expected: `${inputs.length} cotangents`,
          received: `${parts.length}`,
        });
      }
      return parts;
    });
  };
  return run;
}

/**
 * Recomputes `f` during the backward pass instead of keeping its intermediates: less memory for about a third more work.
 * All tensors `f` uses must be its arguments.
 *
 * @throws {TraceError} when `f` closes over a value that is being differentiated
 */
export function checkpoint<A extends readonly Tensor[]>(
  f: (...inputs: A) => Tensor,
): (...inputs: A) => Tensor {
  return customGrad((...inputs: A) => {
    const value = f(...inputs);
    return {
      value,
      grad: (ct) => vjp(f as (...xs: readonly Tensor[]) => Tensor, ...inputs)[1](ct) as (Tensor | null)[],
    };
  });
}

const closesOver = (where: string): TraceError =>
  new TraceError({
    where,
    expected: 'every tensor to come in as an argument',
    received: 'a function that closes over a value being differentiated',
    cure: 'pass it as an argument',
  });
