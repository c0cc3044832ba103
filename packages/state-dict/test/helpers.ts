import { tensor, type Tensor } from '@weightloom/tensor-gpu';
import { type StateDict, stateDict } from '../src/index.js';

/** A state dict of nested arrays. */
export const dict = (entries: Record<string, Parameters<typeof tensor>[0]>): StateDict =>
  stateDict(Object.entries(entries).map(([name, data]) => [name, tensor(data)] as const));

export const numbers = async (t: Tensor): Promise<number[]> => Array.from(await t.data());

/** The numbers of each tensor, flat. */
export async function values(params: StateDict): Promise<Record<string, number[]>> {
  const pairs = Object.entries(params).map(async ([name, t]) => [name, await numbers(t)] as const);
  return Object.fromEntries(await Promise.all(pairs));
}
