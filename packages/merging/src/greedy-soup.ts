import { assertSameStructure, type StateDict } from '@weightloom/state-dict';
import { uniformSoup } from './uniform-soup.js';

export interface GreedySoupOptions {
  /** Score of a model on held-out validation data; higher is better. */
  readonly evaluate: (params: StateDict) => number | Promise<number>;
  /** Scores of the models, where they are known already; otherwise `evaluate` is asked. */
  readonly scores?: readonly number[];
  /**
   * When a model is kept: its soup must score at least as much as the best one so far (`'>='`, default, as in the
   * paper), or more (`'>'`, as in its reference code).
   */
  readonly accept?: '>' | '>=';
  /** Called after each evaluation. */
  readonly onProgress?: (progress: {
    readonly done: number;
    readonly total: number;
    readonly label: string;
  }) => void;
  readonly signal?: AbortSignal;
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
  const { accept = '>=', signal } = options;
  if (models.length === 0) throw new RangeError('greedySoup: expected at least one model, received none');
  if (accept !== '>' && accept !== '>=') {
    throw new RangeError(`greedySoup: expected accept to be ">" or ">=", received ${String(accept)}`);
  }
  assertSameStructure(models, { where: 'greedySoup' });
  const evaluate = counted(models.length, options);
  const scores = options.scores ? checkScores(options.scores, models.length) : [];
  for (let i = scores.length; i < models.length; i++) scores.push(await evaluate(models[i]!, `models[${i}]`));

  const ranked = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  let members = ranked.slice(0, 1);
  let params = await uniformSoup([models[ranked[0]!]!]);
  let score = scores[ranked[0]!]!;
  for (const next of ranked.slice(1)) {
    signal?.throwIfAborted();
    const candidates = [...members, next];
    const candidate = await uniformSoup(candidates.map((i) => models[i]!));
    const reached = await evaluate(candidate, `the soup with models[${next}]`);
    if (accept === '>' ? reached > score : reached >= score) {
      [members, params, score] = [candidates, candidate, reached];
    }
  }
  return { params, members, score, scores };
}

/** `evaluate`, checked and counted. */
function counted(count: number, { evaluate, scores, onProgress, signal }: GreedySoupOptions) {
  const total = (scores ? 0 : count) + count - 1;
  let done = 0;
  return async (params: StateDict, label: string): Promise<number> => {
    signal?.throwIfAborted();
    const score = await evaluate(params);
    if (typeof score !== 'number' || Number.isNaN(score)) {
      throw new RangeError(
        `greedySoup: expected a number as the score of ${label}, received ${String(score)}`,
      );
    }
    onProgress?.({ done: ++done, total, label });
    return score;
  };
}

function checkScores(scores: readonly number[], count: number): number[] {
  if (scores.length !== count) {
    throw new RangeError(`greedySoup: expected ${count} scores, one per model, received ${scores.length}`);
  }
  const bad = scores.findIndex((score) => typeof score !== 'number' || Number.isNaN(score));
  if (bad >= 0)
    throw new RangeError(`greedySoup: expected a number as scores[${bad}], received ${scores[bad]}`);
  return [...scores];
}
