import { concat, jit, type Jitted, slice, type Tensor, tidy } from '@weightloom/tensor-gpu';
import { checkCount, refuse } from '../internal/checks.js';
import { type LongWorkOptions, runSteps } from '../internal/long-work.js';
import type { Apply, Model, StateDict } from '../model.js';

/** Compiled forward passes, one per `apply`, for as long as that function lives. */
const compiled = new WeakMap<Apply, Jitted<[StateDict, Tensor], Tensor>>();

export interface PredictOptions extends LongWorkOptions {
  readonly model: Pick<Model, 'apply'>;
  readonly params: StateDict;
  /** `[n, …]`, n ≥ 1. */
  readonly inputs: Tensor;
  /** Rows computed at once; default 256. */
  readonly batchSize?: number;
}

/**
 * The outputs of a model for many rows, computed in batches with `train: false`.
 *
 * @returns `[n, …]`, to be disposed of by the caller
 * @throws {RangeError} for inputs without rows, or a `batchSize` below 1; the signal's reason when aborted, between batches
 */
export async function predict({
  model,
  params,
  inputs,
  batchSize = 256,
  ...work
}: PredictOptions): Promise<Tensor> {
  checkCount('predict', 'batchSize', batchSize);
  if (inputs.rank === 0 || inputs.shape[0] === 0) {
    refuse('predict', 'inputs of shape [n, …] with n ≥ 1', `[${inputs.shape.join(', ')}]`);
  }
  const { apply } = model;
  let forward = compiled.get(apply);
  if (!forward)
    compiled.set(apply, (forward = jit((p: StateDict, x: Tensor) => apply(p, x, {}), { name: 'predict' })));
  const run = forward;
  const count = inputs.shape[0];
  const parts: Tensor[] = [];
  try {
    await runSteps(
      Math.ceil(count / batchSize),
      (i) => {
        parts.push(
          tidy(() => run(params, slice(inputs, [i * batchSize], [Math.min(count, (i + 1) * batchSize)]))),
        );
        return false;
      },
      work,
      () => 'predict',
    );
    return parts.length === 1 ? parts.pop()! : concat(parts);
  } finally {
    for (const part of parts) part.dispose();
  }
}
