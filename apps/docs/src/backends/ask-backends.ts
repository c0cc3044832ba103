import { startJob } from '../jobs/start-job.js';
import type { BackendReport } from './backends.js';

let asked: Promise<BackendReport> | undefined;

/** Which backends work in this browser; asked once a page load, in a worker of its own. */
export const askBackends = (): Promise<BackendReport> =>
  (asked ??= (async () => {
    const worker = new Worker(new URL('./backend-worker.ts', import.meta.url), { type: 'module' });
    return (await startJob<undefined, BackendReport>(worker, undefined).result)!;
  })());
