/// <reference lib="webworker" />
/** The worker of a live page: runs one example, once, on the backend asked for, and reports. */
import { backendReport, memory } from '@weightloom/tensor-gpu';
import { chooseBackend } from './backends/choose-backend.js';
import { findExample } from './examples.js';
import { serveJob } from './jobs/serve-job.js';
import { runExample } from './run-example.js';
import type { RunAnswer, RunRequest } from './run-request.js';

serveJob<RunRequest, RunAnswer>(async (request, { signal, onProgress }) => {
  const { seeds, backend = 'auto', remembered, quick } = request;
  const example = await findExample(request.package, request.id).load();
  const trial = (limit: AbortSignal) => runExample(example, { seeds: [0], quick: true, signal: limit });
  const choice = await chooseBackend(backend, trial, signal, remembered);
  const result = await runExample(example, { seeds, signal, onProgress, quick });
  return { result, choice, handedToWasm: backendReport().handedToWasm, tensorBytes: memory().peak };
});
