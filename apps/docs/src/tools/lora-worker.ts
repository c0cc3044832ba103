/// <reference lib="webworker" />
/** The worker of the page of adapters: one job, then it ends. */
import { serveJob } from '../jobs/serve-job.js';
import { asFolder } from './as-folder.js';
import { combineFolders, convertFolder } from './change-adapters.js';
import type { Folder } from './folder.js';
import { inspectAdapterFolders } from './inspect-adapter-folder.js';
import type { LoraJob, LoraOutput, LoraSummary } from './lora-request.js';
import { sampleAdapters } from './sample-adapters.js';

serveJob<LoraJob, readonly Folder[] | readonly LoraSummary[] | LoraOutput>(async (request, { signal }) => {
  switch (request.job) {
    case 'samples':
      return sampleAdapters().map(asFolder);
    case 'inspect':
      return inspectAdapterFolders(request.folders, request.part);
    case 'combine':
      return combineFolders(request, signal);
    case 'convert':
      return convertFolder(request, signal);
  }
});
