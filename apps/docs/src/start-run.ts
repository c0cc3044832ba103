import type { Progress } from './example.js';
import { type Job, startJob } from './jobs/start-job.js';
import type { RunAnswer, RunRequest } from './run-request.js';

/** Runs an example in a new Web Worker, which ends with the run. */
export function startRun(request: RunRequest, onProgress: (progress: Progress) => void): Job<RunAnswer> {
  const worker = new Worker(new URL('./example-worker.ts', import.meta.url), { type: 'module' });
  return startJob<RunRequest, RunAnswer>(worker, request, { onProgress });
}
