import { computed, onBeforeUnmount, ref, shallowRef } from 'vue';
import type { Progress } from '../../src/example.js';
import type { Job } from '../../src/jobs/start-job.js';
import type { PhaseStart } from './progress-words.js';

/** Where a job of a page stands. */
export type JobState = 'idle' | 'running' | 'stopping' | 'done' | 'stopped' | 'failed';

/** The state of the one job a page, or a part of it, may have at a time; it ends when the reader leaves the page. */
export function useJob<Args extends unknown[], Result>(
  start: (onProgress: (progress: Progress) => void, ...args: Args) => Job<Result>,
) {
  const state = ref<JobState>('idle');
  const progress = ref<Progress>();
  const phase = ref<PhaseStart>();
  const result = shallowRef<Result>();
  const error = ref('');
  const milliseconds = ref(0);
  const isBusy = computed(() => state.value === 'running' || state.value === 'stopping');
  const percent = computed(() => {
    if (state.value === 'done') return 100;
    const { done = 0, total = 0 } = progress.value ?? {};
    return total > 0 ? Math.floor((100 * done) / total) : 0;
  });
  let current: Job<Result> | undefined;

  async function run(...args: Args): Promise<void> {
    const begin = performance.now();
    state.value = 'running';
    progress.value = undefined;
    error.value = '';
    try {
      current = start(
        (next) => {
          const isSamePhase = progress.value?.total === next.total && next.done >= progress.value.done;
          if (!isSamePhase) phase.value = { time: performance.now(), done: next.done };
          progress.value = next;
        },
        ...args,
      );
      const outcome = await current.result;
      if (outcome !== undefined) result.value = outcome;
      state.value = outcome === undefined ? 'stopped' : 'done';
    } catch (reason) {
      error.value = reason instanceof Error ? reason.message : String(reason);
      state.value = 'failed';
    }
    current = undefined;
    milliseconds.value = performance.now() - begin;
  }

  function stop(): void {
    if (!current) return;
    state.value = 'stopping';
    current.stop();
  }

  onBeforeUnmount(stop);
  return { state, progress, phase, result, error, milliseconds, isBusy, percent, run, stop };
}
