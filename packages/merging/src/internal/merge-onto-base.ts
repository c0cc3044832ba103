import { type ChunkedMethod, runInMemory, type StateDict } from '@weightloom/state-dict';

/** Runs a method whose first input is the base. */
export async function mergeOntoBase(
  method: ChunkedMethod,
  base: StateDict,
  models: readonly StateDict[],
): Promise<StateDict> {
  if (models.length === 0) throw new RangeError(`${method.name}: expected at least one model, received none`);
  const labels = ['base', ...models.map((_, i) => `models[${i}]`)];
  return runInMemory(method, [base, ...models], { labels });
}
