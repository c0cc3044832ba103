import { assertSameStructure, type StateDict, stateDict } from '@weightloom/state-dict';
import {
  foldIn,
  generator,
  type Key,
  reshape,
  splitAxis,
  stack,
  takeAlongAxis,
  type Tensor,
  tensor,
} from '@weightloom/tensor-gpu';

export interface ShuffleWeightsOptions {
  /** Random key; what changes places depends on it and on the name of the tensor only, so that all participants know it. */
  readonly key: Key;
  /** `p` in [0, 1]: the probability that a place is shuffled, for all tensors or by name. */
  readonly probability: number | ((name: string) => number);
}

/**
 * One shuffle of WASH: for each place of each float32 tensor, with probability `p`, the models' values there go to the models in
 * a random order. Values are neither made nor lost, so the average of the models stays.
 *
 * @param models - at least two of the same structure; tensors of other dtypes are left where they are
 * @returns the models, and how many values have moved to another model (on average `p (N - 1)` for each place)
 * @throws {RangeError} for fewer than two models, or a probability outside [0, 1], naming the tensor; {ShapeError},
 *   {StateDictError} naming the tensor in which models differ
 * @see Fournier et al. 2024, "WASH: Train your Ensemble with Communication-Efficient Weight Shuffling, then Average",
 *   arXiv:2405.17517
 */
export function shuffleWeights(
  models: readonly StateDict[],
  { key, probability }: ShuffleWeightsOptions,
): { models: StateDict[]; moved: number } {
  const where = 'shuffleWeights';
  const [first] = models;
  if (!first || models.length < 2) {
    throw new RangeError(`${where}: expected at least two models, received ${models.length}`);
  }
  assertSameStructure(models, { where });
  const out: [string, Tensor][][] = models.map(() => []);
  let moved = 0;
  for (const [name, { dtype, size }] of Object.entries(first)) {
    const p = checkProbability(
      where,
      name,
      typeof probability === 'number' ? probability : probability(name),
    );
    let tensors: readonly Tensor[] = models.map((model) => model[name]!);
    if (p > 0 && dtype === 'float32') {
      const shuffle = drawShuffle(foldIn(key, name), models.length, size, p);
      using source = tensor(shuffle.source, [models.length, size]);
      tensors = applyShuffle(tensors, source);
      moved += shuffle.moved;
    }
    tensors.forEach((t, i) => out[i]!.push([name, t]));
  }
  return { models: out.map((entries) => stateDict(entries)), moved };
}

export function checkProbability(where: string, name: string, p: number): number {
  if (p >= 0 && p <= 1) return p;
  throw new RangeError(
    `${where}: expected a probability from 0 to 1 for ${JSON.stringify(name)}, received ${String(p)}`,
  );
}

/** For each model and place, whose value comes there. */
export interface Shuffle {
  /** `[count, size]`, row after row. */
  readonly source: Int32Array<ArrayBuffer>;
  /** How many values come from another model. */
  readonly moved: number;
}

/** Draws, for each of `size` places with probability `p > 0`, a random order of `count` models. */
export function drawShuffle(key: Key, count: number, size: number, p: number): Shuffle {
  const source = new Int32Array(count * size);
  for (let m = 1; m < count; m++) source.fill(m, m * size, (m + 1) * size);
  const draw = generator(key);
  const skip = Math.log1p(-p); // -Infinity when p is 1: no place is skipped
  let moved = 0;
  // The number of places passed over between two that are chosen is geometric: ⌊ln(1 - u) / ln(1 - p)⌋.
  const next = (): number => Math.floor(Math.log1p(-draw.uniform()) / skip);
  for (let place = next(); place < size; place += 1 + next()) {
    const order = draw.permutation(count);
    for (let m = 0; m < count; m++) {
      source[m * size + place] = order[m]!;
      if (order[m] !== m) moved++;
    }
  }
  return { source, moved };
}

/** One tensor of every model after a shuffle. @param source - `[count, size]`, int32 */
export function applyShuffle(tensors: readonly Tensor[], source: Tensor): Tensor[] {
  const { shape, size } = tensors[0]!;
  const mixed = takeAlongAxis(stack(tensors.map((t) => reshape(t, [size]))), source, 0);
  return splitAxis(mixed, tensors.length).map((row) => reshape(row, shape));
}
