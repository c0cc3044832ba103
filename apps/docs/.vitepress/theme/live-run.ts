import { onBeforeUnmount, ref, shallowRef } from 'vue';
import type { Progress, RunResult } from '../../src/example.js';
import { startRun, type WorkerRun } from '../../src/start-run.js';

/** Where a live run stands. */
export type RunState = 'idle' | 'running' | 'stopping' | 'done' | 'stopped' | 'failed';

/** The state of the one run a page may have at a time; it ends when the reader leaves the page. */
export function useLiveRun(example: { readonly package: string; readonly id: string }) {
  const state = ref<RunState>('idle');
  const progress = ref<Progress>();
  const result = shallowRef<RunResult>();
  const error = ref('');
  const milliseconds = ref(0);
  let current: WorkerRun | undefined;

  async function run(seeds: readonly number[]): Promise<void> {
    const start = performance.now();
    state.value = 'running';
    progress.value = undefined;
    error.value = '';
    current = startRun(example, seeds, (next) => (progress.value = next));
    try {
      const outcome = await current.result;
      if (outcome) result.value = outcome;
      state.value = outcome ? 'done' : 'stopped';
    } catch (reason) {
      error.value = reason instanceof Error ? reason.message : String(reason);
      state.value = 'failed';
    }
    current = undefined;
    milliseconds.value = performance.now() - start;
  }

  function stop(): void {
    if (!current) return;
    state.value = 'stopping';
    current.stop();
  }

  onBeforeUnmount(stop);
  return { state, progress, result, error, milliseconds, run, stop };
}
