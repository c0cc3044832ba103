import { add, cosine, scale, subtract } from '@weightloom/state-dict';
import { loadStateDict, saveStateDict } from '@weightloom/state-dict/node';

/** Gives `target` half of what fine-tuning changed from `base` to `tuned`; returns how alike both changes are. */
export async function transfer(base: string, tuned: string, target: string, out: string): Promise<number> {
  const [before, after, other] = await Promise.all([base, tuned, target].map((path) => loadStateDict(path)));
  const change = subtract(after!, before!); // tensor by tensor, by name
  await saveStateDict(out, add(other!, scale(change, 0.5)), { like: target }); // in the dtypes of `target`
  return cosine(change, subtract(other!, before!)).item();
}
