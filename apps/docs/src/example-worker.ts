/// <reference lib="webworker" />
/** The worker of a live page: runs one example, once, and reports. */
import { findExample } from './examples.js';
import type { Progress } from './example.js';
import type { FromWorker, ToWorker } from './messages.js';
import { runExample } from './run-example.js';

const PROGRESS_INTERVAL_MS = 50; // more often is more than an eye can see, and costs the page work

const stop = new AbortController();
let lastReport = -Infinity;

const send = (message: FromWorker): void => self.postMessage(message);

function onProgress(progress: Progress): void {
  const now = performance.now();
  if (now - lastReport < PROGRESS_INTERVAL_MS && progress.done < progress.total) return;
  lastReport = now;
  send({ type: 'progress', progress });
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === 'stop') {
    stop.abort(new DOMException('stopped by the reader', 'AbortError'));
    return;
  }
  findExample(data.package, data.id)
    .load()
    .then((example) => runExample(example, { seeds: data.seeds, signal: stop.signal, onProgress }))
    .then(
      (result) => send({ type: 'result', result }),
      (error: unknown) => send({ type: 'failure', message: String(error) }),
    );
});
