/**
 * The contract of an example: one file per paper, `examples/<package>/<id>.ts`, whose exports satisfy
 * {@link Example}. The same file is the page's source listing, runs live in the page's Web Worker, is run
 * by the tests (3 seeds in Node, 1 in a browser) and by `npm run claims` (all its seeds).
 */
import type { ChartSpec } from '@weightloom/cli-kit/charts';
import type { BackendName, Key } from '@weightloom/tensor-gpu';

/** The paper whose claim an example reproduces. */
export interface Paper {
  /** Full title as published. */
  readonly title: string;
  /** Authors as cited, for example `Wortsman et al.`. */
  readonly authors: string;
  /** Where and when it appeared, for example `ICML 2022`. */
  readonly venue: string;
  /** A permanent address, for example `https://arxiv.org/abs/2203.05482`. */
  readonly url: string;
}

/** What `run` is given. */
export interface RunOptions {
  /** Root of all randomness. Draw everything of one repetition from `foldIn(key, seed)`. */
  readonly key: Key;
  /** One independent repetition for each seed: integers in `[0, 2³¹)`, at least one, all different. */
  readonly seeds: readonly number[];
  /** Aborting it makes `run` reject with the signal's reason at the next step. */
  readonly signal?: AbortSignal;
  /** Called between steps; `done` grows from 0 to `total`, both in the example's own unit. */
  readonly onProgress?: (progress: Progress) => void;
  /**
   * A handful of training steps in place of all, so that a slow backend gets through: every kind of operation runs, the
   * numbers stay finite, but checks and bands mean nothing.
   */
  readonly quick?: boolean;
}

/** How far a run has come. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly label: string;
}

/** What the claim says of a number: at least `atLeast`, at most `atMost`, or both. */
export interface Expected {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** One number the claim speaks of, over all seeds of a run. */
export interface Check {
  /** What the number is, unique in the run, for example `Uniform soup − mean ingredient`. */
  readonly name: string;
  /** Unit of `value`, for example `points`; empty for a plain number. */
  readonly unit: string;
  /** Mean of `perSeed`. */
  readonly value: number;
  /** The number for each seed, in the order of the seeds. */
  readonly perSeed: readonly number[];
  /** What the paper's claim, at this scale, says of `value`. */
  readonly expected: Expected;
  /**
   * Lowest and highest value of `perSeed` that a correct program can give. Wider than `expected`: a claim may fail
   * to hold, but a number outside its band means that something is broken, and a test fails.
   */
  readonly band: readonly [number, number];
  /** Whether `value` is as expected. */
  readonly holds: boolean;
}

/** Numbers for people, below the plots. */
interface ResultTable {
  readonly columns: readonly string[];
  /** One cell per column; numbers are shown with at most 4 significant digits. */
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What `run` returns: plain data with plain arrays, so that it can cross from a worker and be stored as JSON. */
export interface RunResult {
  /** What to plot, at least one chart, each with the baseline beside the method. */
  readonly charts: readonly ChartSpec[];
  readonly checks: readonly Check[];
  /** The backend that really computed. */
  readonly backend: BackendName;
  /**
   * For a check that does not hold: why, by the check's name. A check that fails without a reason here fails the tests; the
   * page shows the reason. A reason for a check that holds is ignored.
   */
  readonly notReproduced?: Readonly<Record<string, string>>;
  readonly table?: ResultTable;
}

/** The exports of an example file. */
export interface Example {
  readonly paper: Paper;
  /** The claim to reproduce, at this scale, in one or two sentences. */
  readonly claim: string;
  /** The seeds of the full run by `npm run claims`; the default is 0 to 7. */
  readonly seeds?: readonly number[];
  /** Repeats the experiment for each seed; at most 10 s a seed in Node. */
  readonly run: (options: RunOptions) => Promise<RunResult>;
}
