import { barrier, interpolate, resetBatchNorm, weightMatching } from '@weightloom/merging';
import type { Apply } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { key, type Tensor } from '@weightloom/tensor-gpu';

/** Merges two networks that were trained apart: permutes the units of one, averages, and estimates batch norm anew. */
export async function mergeUpToPermutation(
  [a, b]: readonly [StateDict, StateDict],
  apply: Apply,
  inputs: Tensor,
  loss: (params: StateDict) => Promise<number>,
) {
  const { params: aligned } = await weightMatching(a, b, { key: key(0) });
  const prepare = (params: StateDict) => resetBatchNorm(params, { apply, inputs });
  const { curves } = await barrier(a, aligned, { evaluate: loss, prepare, points: 11 });
  return { merged: await prepare(interpolate(a, aligned, 0.5)), barrier: curves.loss!.barrier };
}
