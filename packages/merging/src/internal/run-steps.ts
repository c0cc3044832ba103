import { DivergedError, type LongWorkOptions } from '@weightloom/nn';
import { dispose, type Tensor, tidy } from '@weightloom/tensor-gpu';

export type { LongWorkOptions };

/** How long steps may run before others get a turn. */
const SLICE_MS = 40;

/**
 * Runs `step(0)` … `step(total - 1)`, each of which gives its loss; what they make besides and do not return is freed.
 *
 * @param step - returns the loss and what must live on
 * @returns the losses
 * @throws {DivergedError} for a loss that is not finite
 */
export async function runSteps(
  where: string,
  total: number,
  step: (i: number) => { readonly loss: Tensor },
  { onProgress, signal }: LongWorkOptions,
): Promise<number[]> {
  const losses: number[] = [];
  let pending: Tensor[] = [];
  try {
    let since = performance.now();
    for (let i = 0; i < total; i++) {
      signal?.throwIfAborted();
      pending.push(tidy(() => step(i)).loss);
      if (performance.now() - since < SLICE_MS && i < total - 1) continue;
      for (const [value] of await Promise.all(pending.map((loss) => loss.data()))) {
        if (!Number.isFinite(value)) throw new DivergedError(where, losses.length, value!);
        losses.push(value!);
      }
      dispose(pending);
      pending = [];
      onProgress?.({ done: i + 1, total, label: `${where}: loss ${losses.at(-1)!.toPrecision(4)}` });
      await new Promise((resolve) => setTimeout(resolve));
      since = performance.now();
    }
  } finally {
    dispose(pending);
  }
  return losses;
}
