import { type Job, startJob } from '../jobs/start-job.js';
import type { Folder } from './folder.js';
import type { CombineRequest, ConvertRequest, LoraJob, LoraOutput, LoraSummary } from './lora-request.js';

function start<Result>(request: LoraJob): Job<Result> {
  const worker = new Worker(new URL('./lora-worker.ts', import.meta.url), { type: 'module' });
  return startJob<LoraJob, Result>(worker, request);
}

/** Makes two sample adapters. */
export const makeSampleAdapters = async (): Promise<readonly Folder[]> =>
  (await start<readonly Folder[]>({ job: 'samples' }).result)!;

/** Looks at all that is on the page. */
export const inspectAdapters = async (
  folders: readonly Folder[],
  part: string,
): Promise<readonly LoraSummary[]> =>
  (await start<readonly LoraSummary[]>({ job: 'inspect', folders, part }).result)!;

export const startCombine = (request: CombineRequest): Job<LoraOutput> =>
  start({ job: 'combine', ...request });

export const startConvert = (request: ConvertRequest): Job<LoraOutput> =>
  start({ job: 'convert', ...request });
