import type { LongWorkOptions } from '@weightloom/nn';
import { checkChoice } from './check-number.js';
import { checkScore } from './check-score.js';

/** When a model is kept: its set must score at least as much as the best one so far, or more. */
export type Accept = '>' | '>=';

export interface GreedyOptions<Candidate> extends LongWorkOptions {
  /** Number of models. */
  readonly count: number;
  /** What is scored, of the members in the order in which they were added. */
  readonly build: (members: readonly number[]) => Candidate | Promise<Candidate>;
  readonly evaluate: (candidate: Candidate) => number | Promise<number>;
  /** The scores of single models, where they are known. */
  readonly scores?: readonly number[];
  readonly accept?: Accept;
  /** What a candidate is called in messages, for example `the soup`. */
  readonly noun: string;
}

export interface Greedy<Candidate> {
  readonly chosen: Candidate;
  readonly members: readonly number[];
  readonly score: number;
  readonly scores: readonly number[];
}

/** Starts with the best of several models and adds the others, best first, keeping those that help; one pass. */
export async function selectGreedily<Candidate>(
  where: string,
  options: GreedyOptions<Candidate>,
): Promise<Greedy<Candidate>> {
  const { count, build, accept = '>=', noun, signal } = options;
  if (count === 0) throw new RangeError(`${where}: expected at least one model, received none`);
  checkChoice(where, 'accept', accept, ['>', '>=']);
  const evaluate = counted(where, options);
  const scores = options.scores ? checkScores(where, options.scores, count) : [];
  for (let i = scores.length; i < count; i++) scores.push(await evaluate(await build([i]), `models[${i}]`));

  const ranked = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  let members = ranked.slice(0, 1);
  let chosen = await build(members);
  let score = scores[ranked[0]!]!;
  for (const next of ranked.slice(1)) {
    signal?.throwIfAborted();
    const candidates = [...members, next];
    const candidate = await build(candidates);
    const reached = await evaluate(candidate, `${noun} with models[${next}]`);
    if (accept === '>' ? reached > score : reached >= score) {
      [members, chosen, score] = [candidates, candidate, reached];
    }
  }
  return { chosen, members, score, scores };
}

/** `evaluate`, checked and counted. */
function counted<Candidate>(
  where: string,
  { count, evaluate, scores, onProgress, signal }: GreedyOptions<Candidate>,
) {
  const total = (scores ? 0 : count) + count - 1;
  let done = 0;
  return async (candidate: Candidate, label: string): Promise<number> => {
    signal?.throwIfAborted();
    const score = await evaluate(candidate);
    checkScore(where, `the score of ${label}`, score);
    onProgress?.({ done: ++done, total, label });
    return score;
  };
}

function checkScores(where: string, scores: readonly number[], count: number): number[] {
  if (scores.length !== count) {
    throw new RangeError(`${where}: expected ${count} scores, one per model, received ${scores.length}`);
  }
  scores.forEach((score, i) => checkScore(where, `scores[${i}]`, score));
  return [...scores];
}
