import { foldIn, type Key } from '@weightloom/tensor-gpu';
import type { RunOptions } from './example.js';

/** What one repetition of an experiment is given. */
export interface Repetition {
  /** Its own key. */
  readonly key: Key;
  readonly signal?: AbortSignal;
  readonly quick?: boolean;
  /**
   * To be awaited after each of the announced steps: tells how far the run is, lets the page breathe, and rejects when the
   * run is aborted.
   */
  readonly step: (label: string) => Promise<void>;
}

/**
 * Repeats an experiment for every seed, one after the other.
 *
 * @param steps - how often one repetition calls `step`
 * @returns what each repetition gave, in the order of the seeds
 */
export async function repeat<T>(
  { key, seeds, signal, quick, onProgress }: RunOptions,
  steps: number,
  once: (repetition: Repetition) => Promise<T>,
): Promise<T[]> {
  const total = seeds.length * steps;
  const results: T[] = [];
  let done = 0;
  for (const seed of seeds) {
    const step = async (label: string): Promise<void> => {
      onProgress?.({ done: ++done, total, label: `Seed ${seed}: ${label}` });
      await new Promise((resolve) => setTimeout(resolve));
      signal?.throwIfAborted();
    };
    results.push(await once({ key: foldIn(key, seed), signal, quick, step }));
  }
  return results;
}
