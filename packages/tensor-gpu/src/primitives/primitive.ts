import { runEager } from '../trace/eager.js';
import { innermost } from '../trace/trace.js';
import type { DType } from '../tensor/dtype.js';
import type { ViewOp } from '../tensor/layout.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** Shape and dtype of a value: all that is known of it while tracing. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What a reverse rule gets: `ct` is the cotangent of `out`; `needs[i]` says whether input `i` wants one. */
export interface VjpContext<P> {
  readonly ct: Tensor;
  readonly inputs: readonly Tensor[];
  readonly out: Tensor;
  readonly params: P;
  readonly needs: readonly boolean[];
}

/** What a forward rule gets: a tangent per input, `null` where it is zero. */
export interface JvpContext<P> {
  readonly tangents: readonly (Tensor | null)[];
  readonly inputs: readonly Tensor[];
  readonly out: Tensor;
  readonly params: P;
}

/** What a batching rule gets: batched inputs carry the batch on axis 0, and so must the result. */
export interface BatchContext<P> {
  readonly inputs: readonly Tensor[];
  readonly batched: readonly boolean[];
  readonly size: number;
  readonly params: P;
}

/**
 * An operation no transform looks into. It says which shape comes out, and how it is differentiated and batched in terms of
 * other operations; executors know how to compute it.
 */
export interface Primitive<P = unknown> {
  readonly name: string;
  /** Index renaming, elementwise arithmetic, or a kernel of its own. */
  readonly kind: 'view' | 'map' | 'reduce' | 'kernel';
  infer(inputs: readonly Aval[], params: P): Aval;
  /** For views: the renaming. */
  view?(params: P): ViewOp;
  /** `null`: not differentiable, treated as constant. */
  readonly vjp: ((context: VjpContext<P>) => readonly (Tensor | null)[]) | null;
  readonly jvp: ((context: JvpContext<P>) => Tensor | null) | null;
  batch(context: BatchContext<P>): Tensor;
}

/** Applies a primitive: the innermost transform among the inputs handles it, else the current backend runs it. */
export function bind<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
  const trace = innermost(inputs);
  return trace ? trace.process(primitive, inputs, params) : runEager(primitive, inputs, params);
}
