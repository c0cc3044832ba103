import { createHash } from 'node:crypto';
import { type StateDict, stateDict } from '@weightloom/state-dict';
import { type Tensor, tensor } from '@weightloom/tensor-gpu';

/** A state dict of nested arrays. */
export const dict = (entries: Record<string, Parameters<typeof tensor>[0]>): StateDict =>
  stateDict(Object.entries(entries).map(([name, data]) => [name, tensor(data)] as const));

/** The numbers of each tensor, flat. */
export async function values(params: StateDict): Promise<Record<string, number[]>> {
  const pairs = Object.entries(params).map(async ([name, t]) => [name, await numbers(t)] as const);
  return Object.fromEntries(await Promise.all(pairs));
}

export const numbers = async (t: Tensor): Promise<number[]> => Array.from(await t.data());

/** A hash of the bits of each tensor: equal where they are, and quick to compare. */
export async function digest(params: StateDict): Promise<Record<string, string>> {
  const pairs = Object.entries(params).map(async ([name, t]) => {
    const { buffer, byteOffset, byteLength } = await t.data();
    const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    return [name, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}
