import type { LongWorkOptions } from '@weightloom/nn';
import { assertSameStructure, type StateDict } from '@weightloom/state-dict';
import { type Accept, selectGreedily } from './internal/select-greedily.js';
import { uniformSoup } from './uniform-soup.js';

export interface GreedySoupOptions extends LongWorkOptions {
  /** Score of a model on held-out validation data; higher is better. */
  readonly evaluate: (params: StateDict) => number | Promise<number>;
  /** Scores of the models, where they are known already; otherwise `evaluate` is asked. */
  readonly scores?: readonly number[];
  /**
   * When a model is kept: its soup must score at least as much as the best one so far (`'>='`, default, as in the
   * paper), or more (`'>'`, as in its reference code).
   */
  readonly accept?: Accept;
}

export interface GreedySoup {
  /** The soup. */
  readonly params: StateDict;
  /** Positions of the models in it, in the order in which they were added. */
  readonly members: readonly number[];
  /** Its validation score: never below that of the best model. */
  readonly score: number;
  /** The validation score of each model, in the order given. */
  readonly scores: readonly number[];
}

/**
 * Greedy model soup: adds models one by one, best first, and keeps those that help.
 *
 * Sort by validation score, start with the best; for each next model average the soup's members and it; keep it if the
 * average scores no worse. One pass. Of equal scores the earlier model comes first. Every candidate is averaged afresh
 * from its members, so that rounding does not pile up.
 *
 * @param models - at least one; same names, shapes and dtypes
 * @throws {RangeError} without models, for another number of `scores`, or when `evaluate` gives a score that is NaN
 * @see Wortsman et al. 2022, arXiv:2203.05482, Recipe 1
 */
export async function greedySoup(
  models: readonly StateDict[],
  options: GreedySoupOptions,
): Promise<GreedySoup> {
  const where = 'greedySoup';
  assertSameStructure(models, { where });
  const { chosen, ...rest } = await selectGreedily(where, {
    ...options,
    count: models.length,
    build: (members) => uniformSoup(members.map((i) => models[i]!)),
    noun: 'the soup',
  });
  return { params: chosen, ...rest };
}
