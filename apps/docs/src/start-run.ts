import type { Progress, RunResult } from './example.js';
import type { FromWorker, ToWorker } from './messages.js';

/** A run in its own worker. */
export interface WorkerRun {
  /** The result; `undefined` when the run was stopped. Rejects when the example fails. */
  readonly result: Promise<RunResult | undefined>;
  /** Asks the example to stop and, if it has not within a second, ends its worker. */
  readonly stop: () => void;
}

const GRACE_MS = 1000; // an example that computes without a pause cannot hear the request

/** Starts the example in a new Web Worker, which ends with the run. */
export function startRun(
  example: { readonly package: string; readonly id: string },
  seeds: readonly number[],
  onProgress: (progress: Progress) => void,
): WorkerRun {
  const worker = new Worker(new URL('./example-worker.ts', import.meta.url), { type: 'module' });
  const send = (message: ToWorker): void => worker.postMessage(message);
  let stopping = false;
  let stop = (): void => undefined;

  const result = new Promise<RunResult | undefined>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === 'progress') onProgress(data.progress);
      else if (data.type === 'result') resolve(data.result);
      else if (stopping) resolve(undefined);
      else reject(new Error(data.message));
    };
    worker.onerror = (event) => reject(new Error(event.message || 'the worker could not be loaded'));
    stop = () => {
      stopping = true;
      send({ type: 'stop' });
      setTimeout(() => resolve(undefined), GRACE_MS);
    };
  }).finally(() => worker.terminate());

  send({ type: 'run', package: example.package, id: example.id, seeds: [...seeds] });
  return { result, stop: () => stop() };
}
