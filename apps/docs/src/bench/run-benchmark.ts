import type { BackendReport } from '../backends/backends.js';
import type { Progress } from '../example.js';
import { type Job, startJob } from '../jobs/start-job.js';
import { contestantsFor } from './contestants.js';
import type { Contestant } from './engine.js';
import type { BenchRequest, Measurement } from './measure.js';

/** What became of one contestant. */
export interface Outcome {
  readonly contestant: Contestant;
  /** Why nothing was timed: the GPU is a program, or the engine failed. */
  readonly note: string;
  readonly measurements: readonly Measurement[];
}

/**
 * Runs one contestant after another, each in a worker of its own. Where a program stands in for a GPU, results are checked and speed
 * is not measured: it would say nothing about GPUs.
 */
export function runBenchmark(
  { sizes, report }: { readonly sizes: readonly number[]; readonly report: BackendReport },
  onProgress: (progress: Progress) => void,
): Job<readonly Outcome[]> {
  const contestants = contestantsFor(report);
  let current: Job<readonly Measurement[]> | undefined;
  let isStopped = false;
  const runAll = async (): Promise<readonly Outcome[] | undefined> => {
    const outcomes: Outcome[] = [];
    for (const [i, contestant] of contestants.entries()) {
      const adapter = contestant.gpu && report.adapters[contestant.gpu];
      const isSoftware = adapter?.isSoftware === true;
      const request: BenchRequest = {
        contestant,
        sizes: isSoftware ? sizes.slice(0, 1) : sizes,
        isTimed: !isSoftware,
      };
      const worker = new Worker(new URL('./bench-worker.ts', import.meta.url), { type: 'module' });
      current = startJob(worker, request, {
        onProgress: ({ done, total, label }) =>
          onProgress({
            done: i + done / total,
            total: contestants.length,
            label: `${contestant.name}: ${label}`,
          }),
      });
      const note = isSoftware ? `checked, not timed: ${adapter.name} is a program in place of a GPU` : '';
      try {
        const measurements = await current.result;
        if (isStopped || !measurements) return undefined;
        outcomes.push({ contestant, note, measurements });
      } catch (error) {
        const failure = error instanceof Error ? error.message : String(error);
        outcomes.push({ contestant, note: `failed: ${failure}`, measurements: [] });
      }
    }
    return outcomes;
  };
  return {
    result: runAll(),
    stop() {
      isStopped = true;
      current?.stop();
    },
  };
}
