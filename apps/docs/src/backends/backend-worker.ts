/// <reference lib="webworker" />
/** Finds out, away from the page, which backends work here. */
import { serveJob } from '../jobs/serve-job.js';
import { type BackendReport, probeBackends } from './backends.js';

serveJob<undefined, BackendReport>(probeBackends);
