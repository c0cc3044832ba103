/** How far long work has come: `done` of `total` steps, and what is being done. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly label: string;
}

/** What every long-running function takes. */
export interface LongWorkOptions {
  /** Called now and then (about 20 times a second) and at the end. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the work between two steps; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

const SLICE_MS = 50; // how long steps may run before the event loop gets a turn

/** Lets timers, messages and clicks through. */
const pause = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });

/**
 * Runs `step(i)` for i = first … total - 1 or until a step gives true, yielding to the event loop; `flush` runs before each turn
 * and at the end.
 */
export async function runSteps(
  total: number,
  step: (i: number) => boolean | Promise<boolean>,
  { onProgress, signal }: LongWorkOptions,
  label: (done: number) => string,
  { first = 0, flush }: { readonly first?: number; readonly flush?: () => Promise<void> } = {},
): Promise<void> {
  let since = performance.now();
  for (let i = first; i < total; i++) {
    signal?.throwIfAborted();
    const pending = step(i);
    const stop = typeof pending === 'boolean' ? pending : await pending;
    const last = stop || i === total - 1;
    if (performance.now() - since < SLICE_MS && !last) continue;
    await flush?.();
    onProgress?.({ done: i + 1, total, label: label(i + 1) });
    if (last) return;
    await pause();
    since = performance.now();
  }
}
