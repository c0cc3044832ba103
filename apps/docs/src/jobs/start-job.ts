import type { Progress } from '../example.js';
import type { FromWorker, ToWorker } from './messages.js';

/** A job in its own worker. */
export interface Job<Result> {
  /** The result; `undefined` when the job was stopped. Rejects when it fails. */
  readonly result: Promise<Result | undefined>;
  /** Asks the job to stop and, if it has not within the grace, ends its worker. */
  readonly stop: () => void;
}

export interface StartJobOptions {
  readonly onProgress?: (progress: Progress) => void;
  /** Milliseconds a job that is asked to stop may take: one that computes without a pause cannot hear (default 1000). */
  readonly grace?: number;
}

/** Gives a worker its one request; the worker ends with the job. */
export function startJob<Request, Result>(
  worker: Worker,
  request: Request,
  { onProgress, grace = 1000 }: StartJobOptions = {},
): Job<Result> {
  const send = (message: ToWorker<Request>): void => worker.postMessage(message);
  let stopping = false;
  let stop = (): void => undefined;

  const result = new Promise<Result | undefined>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<FromWorker<Result>>) => {
      if (data.type === 'progress') onProgress?.(data.progress);
      else if (data.type === 'result') resolve(data.result);
      else if (stopping) resolve(undefined);
      else reject(new Error(data.message));
    };
    worker.onerror = (event) => reject(new Error(event.message || 'the worker could not be loaded'));
    stop = () => {
      stopping = true;
      send({ type: 'stop' });
      setTimeout(() => resolve(undefined), grace);
    };
  }).finally(() => worker.terminate());

  send({ type: 'run', request });
  return { result, stop: () => stop() };
}
