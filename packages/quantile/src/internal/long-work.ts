import type { Progress } from '@weightloom/nn';

/** What every long-running function takes. */
export interface LongWork {
  /** Called as the work goes on, with `done` of `total` steps. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Stops the work between two steps, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}
