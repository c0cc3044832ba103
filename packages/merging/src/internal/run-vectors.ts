import { type ChunkedMethod, runInMemory, type StateDict } from '@weightloom/state-dict';
import { mergeOntoBase } from './merge-onto-base.js';

/** Runs a method that takes a base or none. */
export async function runVectors(
  method: ChunkedMethod,
  models: readonly StateDict[],
  base: StateDict | undefined,
): Promise<StateDict> {
  return base === undefined ? runInMemory(method, models) : mergeOntoBase(method, base, models);
}
