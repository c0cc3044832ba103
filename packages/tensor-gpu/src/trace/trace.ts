import { TraceError } from '../errors.js';
import type { Primitive } from '../primitives/primitive.js';
import type { Tensor } from '../tensor/tensor.js';

/** One running transform. Higher levels are the inner ones: they see an operation first and express it below themselves. */
export interface Trace {
  readonly name: string;
  readonly level: number;
  active: boolean;
  process<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor;
  /** The value behind a traced tensor, where this transform works on values. */
  concrete?(tensor: Tensor): Tensor | null;
}

let depth = 0;

/** True while some transform runs its function. */
export const insideTransform = (): boolean => depth > 0;

/** Runs `body` with a fresh innermost level; the trace is dead afterwards. */
export function withTrace<T extends Trace, R>(make: (level: number) => T, body: (trace: T) => R): R {
  const trace = make(++depth);
  try {
    return body(trace);
  } finally {
    depth--;
    trace.active = false;
  }
}

/** The innermost transform among the inputs, or `null` when all are concrete. */
export function innermost(inputs: readonly Tensor[]): Trace | null {
  let top: Trace | null = null;
  for (const { trace } of inputs) {
    if (!trace) continue;
    if (!trace.active) {
      throw new TraceError({
        where: trace.name,
        expected: 'tensors made inside the function to be used inside it',
        received: 'one that escaped after the transform had ended',
        cure: 'return it from the function instead of keeping it in an outer variable',
      });
    }
    if (!top || trace.level > top.level) top = trace;
  }
  return top;
}
