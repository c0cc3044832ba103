/// <reference lib="webworker" />
/** The worker of the merge page: one job, then it ends. */
import { serveJob } from '../jobs/serve-job.js';
import { asFolder } from './as-folder.js';
import type { Folder } from './folder.js';
import { type FolderSummary, inspectFolder } from './inspect-folder.js';
import type { MergeRequest, MergeResult } from './merge-request.js';
import { runMerge } from './run-merge.js';
import { sampleAdapters } from './sample-adapters.js';
import { sampleModels } from './sample-models.js';

export type MergeJob =
  | { readonly job: 'samples' }
  | { readonly job: 'inspect'; readonly folders: readonly Folder[] }
  | ({ readonly job: 'merge' } & MergeRequest);

export type MergeJobResult = readonly Folder[] | readonly FolderSummary[] | MergeResult;

serveJob<MergeJob, MergeJobResult>(async (request, tools) => {
  switch (request.job) {
    case 'samples':
      return [...sampleModels(), sampleAdapters()[0]!].map(asFolder);
    case 'inspect':
      return Promise.all(request.folders.map(inspectFolder));
    case 'merge':
      return runMerge(request, tools);
  }
});
