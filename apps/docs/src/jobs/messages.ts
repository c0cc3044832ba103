import type { Progress } from '../example.js';

/** What a page sends to a worker: one request, and perhaps a wish to stop. */
export type ToWorker<Request> =
  { readonly type: 'run'; readonly request: Request } | { readonly type: 'stop' };

/** What the worker answers: progress while it runs, then one result or one failure. */
export type FromWorker<Result> =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'result'; readonly result: Result }
  | { readonly type: 'failure'; readonly message: string };
