import { tiesMerge } from '@weightloom/merging';
import { loadStateDict, saveStateDict } from '@weightloom/state-dict/node';

/** Merges two fine-tunes of one base, in memory. */
export async function mergeFineTunes(base: string, tuned: readonly string[], out: string): Promise<void> {
  const start = await loadStateDict(base);
  const models = await Promise.all(tuned.map((path) => loadStateDict(path)));
  const merged = await tiesMerge(start, models, { density: 0.5, lambda: 0.8 });
  await saveStateDict(out, merged, { like: base }); // in the dtypes of the base
}
