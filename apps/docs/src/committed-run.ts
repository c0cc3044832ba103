import type { RunResult } from './example.js';

/** A full run of an example, as `npm run claims` writes it to `claims/<package>/<id>.json`. */
export interface CommittedRun {
  /** The day of the run, `yyyy-mm-dd`. */
  readonly date: string;
  /** Seconds the run took, all seeds together. */
  readonly seconds: number;
  readonly seeds: readonly number[];
  readonly machine: { readonly cpu: string; readonly cores: number; readonly platform: string };
  /** Version by name: Node's, and that of each package of the workspace. */
  readonly versions: Readonly<Record<string, string>>;
  readonly result: RunResult;
}
