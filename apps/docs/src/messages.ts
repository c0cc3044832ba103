import type { Progress, RunResult } from './example.js';

/** What the page sends to its worker. */
export type ToWorker =
  | { readonly type: 'run'; readonly package: string; readonly id: string; readonly seeds: readonly number[] }
  | { readonly type: 'stop' };

/** What the worker answers: progress while it runs, then one result or one failure. */
export type FromWorker =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'result'; readonly result: RunResult }
  | { readonly type: 'failure'; readonly message: string };
