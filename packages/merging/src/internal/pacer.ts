const SLICE_MS = 50; // how long work may run before the event loop gets a turn

/**
 * To be awaited between two steps of long work: lets timers, messages and clicks through now and then, so that an abort can
 * arrive, and rejects with the signal's reason once it has.
 */
export function pacer(signal: AbortSignal | undefined): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since > SLICE_MS) {
      await new Promise<void>((resolve) => setTimeout(resolve));
      since = performance.now();
    }
    signal?.throwIfAborted();
  };
}
