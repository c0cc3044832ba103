import type { ApplyContext, LongWorkOptions } from '@weightloom/nn';
import type { StateDict } from '@weightloom/state-dict';
import { add, mul, ShapeError, softmax, take, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { checkChoice } from './internal/check-number.js';
import { checkWeights, sum } from './internal/check-weights.js';
import { commonLabels, type KeepLabels, type Label } from './internal/common-labels.js';
import { type Accept, selectGreedily } from './internal/select-greedily.js';

/**
 * A model's outputs for a batch of inputs, made of tensor operations: logits `[n, …, classes]`. Models of `@weightloom/nn` also
 * take a context, which some functions here use to look into their layers.
 */
export type ApplyFunction = (params: StateDict, inputs: Tensor, ctx?: ApplyContext) => Tensor;

export interface EnsembleOptions {
  /** What is averaged: the models' `'logits'` (default) or their `'probabilities'`, the softmax over the last axis. */
  readonly of?: 'logits' | 'probabilities';
  /** One weight per model (default 1 each), divided by their sum. */
  readonly weights?: readonly number[];
  /**
   * For each model the class that each output stands for, where that differs: names, or numbers. The mean has the classes in the
   * order of the first model. Default: outputs of one place stand for one class.
   */
  readonly labels?: readonly (readonly Label[])[];
  /** With `labels`: `'all'` (default) asks that all models know the same classes, `'common'` keeps those that all know. */
  readonly keep?: KeepLabels;
}

/**
 * Output-space ensemble: the mean of what several models say, the baseline that averages of weights are measured against. It
 * costs as many forward passes as it has models.
 *
 * `out = Σ aᵢ f(x; wᵢ) / Σ aᵢ`, of logits, or of `softmax(f(x; wᵢ))`.
 *
 * Models need not have the same structure, only outputs of one shape, or `labels` that say what they stand for.
 *
 * @param apply - a model's outputs, made of tensor operations
 * @param models - at least one
 * @returns a function from inputs to the mean; it nests in `jit` and `vmap`
 * @throws {RangeError} without models, for weights that are not finite or sum to 0, another value of `of`, and labels that differ,
 *   come twice or are for another number of models
 * @throws {ShapeError} by the returned function, when two models give outputs of different shapes
 */
export function ensemble(
  apply: ApplyFunction,
  models: readonly StateDict[],
  { of = 'logits', weights, labels, keep = 'all' }: EnsembleOptions = {},
): (inputs: Tensor) => Tensor {
  const where = 'ensemble';
  if (models.length === 0) throw new RangeError(`${where}: expected at least one model, received none`);
  checkChoice(where, 'of', of, ['logits', 'probabilities']);
  const factors = checkWeights(where, weights, models.length, true);
  const total = sum(factors);
  checkChoice(where, 'keep', keep, ['all', 'common']);
  if (labels && labels.length !== models.length) {
    throw new RangeError(
      `${where}: expected ${models.length} lists of labels, one per model, received ${labels.length}`,
    );
  }
  const places = labels && commonLabels(where, labels, keep).outputs;
  return (inputs) => {
    let mean: Tensor | undefined;
    models.forEach((params, i) => {
      const own = apply(params, inputs);
      const outputs = places ? atPlaces(own, places[i]!, labels![i]!.length, `${where}: models[${i}]`) : own;
      const term = mul(of === 'logits' ? outputs : softmax(outputs), factors[i]! / total);
      if (mean && mean.shape.join() !== term.shape.join()) {
        throw new ShapeError({
          where: `${where}: models[${i}]`,
          expected: `outputs of shape [${mean.shape.join(', ')}] as of models[0]`,
          received: `[${term.shape.join(', ')}]`,
        });
      }
      mean = mean ? add(mean, term) : term;
    });
    return mean!;
  };
}

/** Outputs by label; a model must give one for each of its own. */
function atPlaces(outputs: Tensor, places: Int32Array, count: number, where: string): Tensor {
  if (outputs.shape.at(-1) === count) return take(outputs, tensor(places), outputs.rank - 1);
  throw new ShapeError({
    where,
    expected: `${count} outputs, one for each of its labels`,
    received: `[${outputs.shape.join(', ')}]`,
  });
}

export interface GreedyEnsembleOptions extends LongWorkOptions {
  /** Score of an ensemble of these models on held-out data; higher is better. Made with {@link ensemble}, for example. */
  readonly evaluate: (models: readonly StateDict[]) => number | Promise<number>;
  /** Scores of the single models, where they are known already. */
  readonly scores?: readonly number[];
  /** As for `greedySoup`: `'>='` (default) or `'>'`. */
  readonly accept?: Accept;
}

export interface GreedyEnsemble {
  /** Positions of the models in it, in the order in which they were added. */
  readonly members: readonly number[];
  /** Its score: never below that of the best model. */
  readonly score: number;
  /** The score of each model, in the order given. */
  readonly scores: readonly number[];
}

/**
 * Greedy ensemble: the selection of `greedySoup`, with ensembles in place of averages of weights.
 *
 * @param models - at least one
 * @throws {RangeError} without models, for another number of `scores`, or when `evaluate` gives a score that is NaN
 * @see Wortsman et al. 2022, arXiv:2203.05482, where it is a baseline
 */
export async function greedyEnsemble(
  models: readonly StateDict[],
  options: GreedyEnsembleOptions,
): Promise<GreedyEnsemble> {
  const { members, score, scores } = await selectGreedily('greedyEnsemble', {
    ...options,
    count: models.length,
    build: (members) => members.map((i) => models[i]!),
    noun: 'the ensemble',
  });
  return { members, score, scores };
}
