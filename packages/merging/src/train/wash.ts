import type { OptimizerState, StateDict, TrainState } from '@weightloom/nn';
import { stateDict } from '@weightloom/state-dict';
import { foldIn, jit, Tensor, tensor } from '@weightloom/tensor-gpu';
import { checkNumber } from '../internal/check-number.js';
import { layerOrder } from '../internal/layer-order.js';
import {
  type PopulationOptions,
  type PopulationResult,
  trainPopulation,
} from '../internal/train-population.js';
import { applyShuffle, drawShuffle } from './shuffle-weights.js';

export interface TrainWashOptions<Batch> extends PopulationOptions<Batch> {
  /** `p` in [0, 1]: the probability that a place is shuffled after a step (default 0.001). */
  readonly probability?: number;
  /**
   * How `p` changes over the layers `l = 0 … L - 1`: `'decreasing'` to 0 at the last, `p (1 - l / (L - 1))` (default);
   * `'constant'`; `'increasing'` from 0 at the first.
   */
  readonly depth?: 'decreasing' | 'constant' | 'increasing';
  /**
   * The layers from input to output: paths such as `['embed', 'blocks.0', 'blocks.1', 'head']`; each weight belongs to the longest
   * that it starts with. Default: every module, in the order of names (numbers by value).
   */
  readonly layers?: readonly string[];
  /** Shuffle what the optimiser remembers of each weight along with it, "WASH+Opt" (default `false`). */
  readonly shuffleOptimizer?: boolean;
}

/**
 * WASH: trains models side by side that stay close enough to be averaged, by letting a few weights change places after each step.
 *
 * After a step, for each place of each trained float32 tensor of layer `l`, with probability `p_l`, the models' values go to the
 * models in a random order. The average of the models is untouched by it. A step sends `Σ_l p_l d_l (N - 1)` values on average, all
 * models together; places and orders follow from the key, and are not sent.
 *
 * Values and bytes are counted as drawn: a value that stays in its model is not sent.
 *
 * @throws {RangeError} for fewer than two models or options out of range; {StateDictError}, {ShapeError} naming the tensor in which
 *   models differ, {DivergedError} for a loss that is not finite
 * @see Fournier et al. 2024, "WASH: Train your Ensemble with Communication-Efficient Weight Shuffling, then Average",
 *   arXiv:2405.17517
 */
export async function trainWash<Batch>(options: TrainWashOptions<Batch>): Promise<PopulationResult> {
  const where = 'trainWash';
  const { probability = 0.001, depth = 'decreasing', shuffleOptimizer = false, models } = options;
  checkNumber(where, 'probability', probability, 0, 1);
  const shares = { decreasing: (x: number) => 1 - x, constant: () => 1, increasing: (x: number) => x };
  if (!Object.hasOwn(shares, depth)) {
    throw new RangeError(
      `${where}: expected depth to be decreasing, constant or increasing, received ${String(depth)}`,
    );
  }
  const order = layerOrder(where, Object.keys(models[0] ?? {}), options.layers);
  const exchangeKey = foldIn(options.key, 'exchange');
  const shuffle = jit(
    (states: readonly TrainState[], sources: StateDict) => shuffleStates(states, sources, shuffleOptimizer),
    { donate: [0], name: where },
  );
  return trainPopulation(where, options, (states, step) => {
    const key = foldIn(exchangeKey, step);
    let [values, bytes] = [0, 0];
    const sources: [string, Tensor][] = [];
    for (const [name, { size, dtype }] of Object.entries(states[0]!.trainable)) {
      const { layer, of } = order(name);
      const p = probability * shares[depth](of === 1 ? 0 : layer / (of - 1));
      if (!(p > 0) || dtype !== 'float32') continue;
      const { source, moved } = drawShuffle(foldIn(key, name), states.length, size, p);
      const copies = 1 + (shuffleOptimizer ? countLike(states[0]!, name) : 0);
      sources.push([name, tensor(source, [states.length, size])]);
      values += moved * copies;
      bytes += 4 * moved * copies;
    }
    if (values === 0) return undefined;
    return { states: shuffle(states, stateDict(sources)), values, bytes };
  });
}

/** States after a shuffle; `sources` say for each weight whose value comes to which model. */
function shuffleStates(
  states: readonly TrainState[],
  sources: StateDict,
  withOptimizer: boolean,
): TrainState[] {
  const trainable = exchange(
    states.map((state) => state.trainable),
    states[0]!.trainable,
    sources,
  ) as StateDict[];
  const optimizer = withOptimizer
    ? exchange(
        states.map((state) => state.optimizer),
        states[0]!.trainable,
        sources,
      )
    : states.map((state) => state.optimizer);
  return states.map(({ frozen }, i) => ({ trainable: trainable[i]!, frozen, optimizer: optimizer[i]! }));
}

/** Walks through trees of one form; tensors with the name and shape of a weight are shuffled as that is. */
function exchange(
  trees: readonly OptimizerState[],
  weights: StateDict,
  sources: StateDict,
  name?: string,
): OptimizerState[] {
  const [first] = trees;
  if (first === null || first === undefined) return [...trees];
  if (first instanceof Tensor) {
    const goes = name !== undefined && sources[name] && isLike(first, weights[name]);
    return goes ? applyShuffle(trees as readonly Tensor[], sources[name]!) : [...trees];
  }
  const keys = Object.keys(first);
  const parts = keys.map((key) =>
    exchange(
      trees.map((tree) => (tree as Readonly<Record<string, OptimizerState>>)[key]!),
      weights,
      sources,
      key,
    ),
  );
  return trees.map((_, i) => {
    const own = parts.map((part) => part[i]!);
    if (Array.isArray(first)) return own;
    return Object.assign(
      Object.create(null) as Record<string, OptimizerState>,
      Object.fromEntries(keys.map((key, k) => [key, own[k]!])),
    );
  });
}

const isLike = (t: Tensor, weight: Tensor | undefined): boolean =>
  weight !== undefined && t.dtype === weight.dtype && String(t.shape) === String(weight.shape);

/** How many tensors of an optimiser's state go with a weight. */
function countLike({ trainable, optimizer }: TrainState, name: string): number {
  const count = (tree: OptimizerState, key?: string): number => {
    if (tree === null) return 0;
    if (tree instanceof Tensor) return Number(key === name && isLike(tree, trainable[name]));
    return Object.entries(tree).reduce((sum, [k, part]) => sum + count(part as OptimizerState, k), 0);
  };
  return count(optimizer);
}
