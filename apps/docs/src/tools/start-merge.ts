import { type Job, startJob, type StartJobOptions } from '../jobs/start-job.js';
import type { Folder } from './folder.js';
import type { FolderSummary } from './inspect-folder.js';
import type { MergeRequest, MergeResult } from './merge-request.js';
import type { MergeJob } from './merge-worker.js';

const GRACE_MS = 20_000; // a merge stops between chunks and then takes back what it has written

function start<Result>(request: MergeJob, options?: StartJobOptions): Job<Result> {
  const worker = new Worker(new URL('./merge-worker.ts', import.meta.url), { type: 'module' });
  return startJob<MergeJob, Result>(worker, request, options);
}

export const startMerge = (
  request: MergeRequest,
  onProgress: StartJobOptions['onProgress'],
): Job<MergeResult> => start({ job: 'merge', ...request }, { onProgress, grace: GRACE_MS });

/** Makes the sample models and an adapter. */
export const makeSamples = async (): Promise<readonly Folder[]> =>
  (await start<readonly Folder[]>({ job: 'samples' }).result)!;

/** Checks the headers of folders. */
export const inspectFolders = async (folders: readonly Folder[]): Promise<readonly FolderSummary[]> =>
  (await start<readonly FolderSummary[]>({ job: 'inspect', folders }).result)!;
