import type { Progress } from '../example.js';
import type { Contestant, Engine, Work } from './engine.js';
import { productError, referenceLosses } from './problems.js';

export interface BenchRequest {
  readonly contestant: Contestant;
  /** Sizes of the matrices. */
  readonly sizes: readonly number[];
  /** Whether speed is measured; else only whether results are right. */
  readonly isTimed: boolean;
}

/** One task of one contestant. */
export interface Measurement {
  readonly task: string;
  /** Error against float64: relative to the size of an entry, or of a loss. */
  readonly error: number;
  /** Whether that is as small as float32 allows. */
  readonly agrees: boolean;
  /** Median over the rounds of the seconds of one product or one step; without it nothing was timed. */
  readonly seconds?: number;
}

/** Name of the training task. */
export const TRAINING = 'training step';

/** Name of the product of matrices of size n. */
export const productTask = (n: number): string => `matmul ${n}`;

// Rounding of sums of 2048 float32 products is below 1e-5 of √n; GPUs may round products more coarsely, none by 1e-3.
const MAX_PRODUCT_ERROR = 1e-3;
const MAX_LOSS_ERROR = 2e-3;
const CHECKED_STEPS = 4;

const ROUNDS = 5;
const ROUND_SECONDS = 0.25;
const MOST_SECONDS = 8; // for one task, so that a slow engine does not hold up the page

/** Checks what an engine computes, then measures how fast. */
export async function measureEngine(
  engine: Engine,
  { sizes, isTimed }: BenchRequest,
  onProgress: (progress: Progress) => void,
): Promise<Measurement[]> {
  const total = sizes.length + 1;
  const measurements: Measurement[] = [];
  for (const n of sizes) {
    onProgress({ done: measurements.length, total, label: productTask(n) });
    const work = engine.product(n);
    const error = productError(n, await work.result());
    measurements.push(await finish(productTask(n), work, error, error < MAX_PRODUCT_ERROR, isTimed));
  }
  onProgress({ done: measurements.length, total, label: TRAINING });
  const work = engine.training();
  let error = 0;
  for (const expected of referenceLosses(CHECKED_STEPS)) {
    const loss = await work.step();
    error = Math.max(error, Number.isFinite(loss) ? Math.abs(loss - expected) / expected : Infinity);
  }
  measurements.push(await finish(TRAINING, work, error, error < MAX_LOSS_ERROR, isTimed));
  return measurements;
}

async function finish(
  task: string,
  work: Work,
  error: number,
  agrees: boolean,
  isTimed: boolean,
): Promise<Measurement> {
  try {
    return agrees && isTimed
      ? { task, error, agrees, seconds: await medianSeconds(work) }
      : { task, error, agrees };
  } finally {
    work.dispose();
  }
}

async function medianSeconds(work: Work): Promise<number> {
  const begin = performance.now();
  await time(work, 1); // compiles
  const once = await time(work, 2);
  const repeats = Math.max(1, Math.round(ROUND_SECONDS / once));
  const rounds: number[] = [];
  while (rounds.length < ROUNDS && (rounds.length === 0 || performance.now() - begin < 1000 * MOST_SECONDS)) {
    rounds.push(await time(work, repeats));
  }
  rounds.sort((a, b) => a - b);
  return rounds[Math.floor(rounds.length / 2)]!;
}

async function time(work: Work, repeats: number): Promise<number> {
  const start = performance.now();
  await work.run(repeats);
  return (performance.now() - start) / 1000 / repeats;
}
