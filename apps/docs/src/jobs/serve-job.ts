/// <reference lib="webworker" />
import type { Progress } from '../example.js';
import type { FromWorker, ToWorker } from './messages.js';

/** What a job is given beside its request. */
export interface JobTools {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

const PROGRESS_INTERVAL_MS = 50; // more often is more than an eye can see, and costs the page work

/** Makes this worker do one job: the request it is sent, with progress, until it is done or the page wants it to stop. */
export function serveJob<Request, Result>(
  work: (request: Request, tools: JobTools) => Promise<Result>,
): void {
  const stop = new AbortController();
  let lastReport = -Infinity;
  const send = (message: FromWorker<Result>): void => self.postMessage(message);
  const onProgress = (progress: Progress): void => {
    const now = performance.now();
    if (now - lastReport < PROGRESS_INTERVAL_MS && progress.done < progress.total) return;
    lastReport = now;
    send({ type: 'progress', progress });
  };
  self.addEventListener('message', ({ data }: MessageEvent<ToWorker<Request>>) => {
    if (data.type === 'stop') {
      stop.abort(new DOMException('stopped by the reader', 'AbortError'));
      return;
    }
    work(data.request, { signal: stop.signal, onProgress }).then(
      (result) => send({ type: 'result', result }),
      (error: unknown) => send({ type: 'failure', message: wordsOf(error) }),
    );
  });
}

/** The message of our own errors says all; others are named too. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isOurs = Object.getOwnPropertySymbols(error).some((mark) =>
    mark.description?.startsWith('weightloom.'),
  );
  return isOurs ? error.message : String(error);
}
