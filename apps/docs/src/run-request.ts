import type { BackendChoice, BackendWish } from './backends/choose-backend.js';
import type { RunResult } from './example.js';

/** What the page of an example wants of its worker. */
export interface RunRequest {
  readonly package: string;
  readonly id: string;
  readonly seeds: readonly number[];
  /** Default `auto`. */
  readonly backend?: BackendWish;
  /** What `auto` chose before. */
  readonly remembered?: BackendChoice | undefined;
  readonly quick?: boolean;
}

/** What it gives. */
export interface RunAnswer {
  readonly result: RunResult;
  readonly choice: BackendChoice;
  /** Operations that the backend cannot express and the wasm core did for it. */
  readonly handedToWasm: readonly string[];
  /** Most bytes of tensors there were at a time; 0 for an example without tensors. */
  readonly tensorBytes: number;
}
