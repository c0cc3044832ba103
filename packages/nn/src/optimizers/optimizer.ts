import { add, cast, type Tensor } from '@weightloom/tensor-gpu';
import { checkSameDict, zipDict } from '../internal/dict.js';
import type { StateDict } from '../model.js';

/** What an optimiser remembers: a tree of tensors, so it can be compiled, saved and loaded. */
export type OptimizerState =
  Tensor | null | readonly OptimizerState[] | { readonly [name: string]: OptimizerState };

/** What may change from step to step. */
export interface UpdateOptions {
  /** Overrides the optimiser's own learning rate, e.g. by a schedule; inside `jit` it is traced. */
  readonly learningRate?: number | Tensor;
}

/** The change to add to the weights, and the next state. */
export interface OptimizerUpdate<S extends OptimizerState = OptimizerState> {
  readonly updates: StateDict;
  readonly state: S;
}

/**
 * A pure transform of gradients into changes of the weights. Transforms chain: `chain(clipByGlobalNorm(1), adamw({ … }))`.
 * Use it inside `jit` or `tidy`; nothing is changed in place.
 */
export interface Optimizer<S extends OptimizerState = OptimizerState> {
  /** What the transform is, as JSON, so that a resumed run can tell whether it is the same; optional for your own. */
  readonly config?: unknown;
  /** The state before the first step. */
  init(params: StateDict): S;
  /** One step; `grads` has the names and shapes of `params`. */
  update(grads: StateDict, state: S, params: StateDict, options?: UpdateOptions): OptimizerUpdate<S>;
}

/**
 * `params + updates`, name by name, in the dtype of the parameters (so weights stored as bfloat16 stay so).
 *
 * @throws {ShapeError} when names or shapes differ
 */
export function applyUpdates(params: StateDict, updates: StateDict): StateDict {
  checkSameDict('applyUpdates', params, updates, 'updates');
  return zipDict((p, u) => cast(add(p, u), p.dtype), params, updates);
}
