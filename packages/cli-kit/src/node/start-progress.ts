import { SingleBar } from 'cli-progress';
import type { OutputStream } from './io.js';
import { progressLine, progressWords, type ProgressState } from './internal/progress-line.js';

/** How far a long piece of work is: what every `onProgress` of the project receives. */
export interface ProgressEvent {
  done: number;
  total: number;
  label?: string;
}

export interface StartProgressOptions {
  /** Default `process.stderr`, so that stdout stays for results. */
  stream?: OutputStream;
  /** `false` for `--json` and `--quiet`: shows nothing, still turns an interrupt into an abort. Default true. */
  enabled?: boolean;
  /** What `done` and `total` count. Default `count`. */
  unit?: 'count' | 'bytes';
  /** Off a terminal: least time between two lines in ms, and before the first. Default 5000. */
  interval?: number;
  /** A clock in ms. Default `performance.now`. */
  now?: () => number;
}

/** Ready to be handed to any function that takes `{ onProgress, signal }`. */
export interface Progress {
  onProgress: (event: ProgressEvent) => void;
  /**
   * Aborts at the first Ctrl-C (SIGINT); a second one ends the process as usual. Work that never yields to the event
   * loop sees neither until it yields.
   */
  signal: AbortSignal;
  /** Clear the bar and stop listening. Call it when the work ends, however it ends. */
  stop: () => void;
}

/**
 * Show the progress of long work: a bar with rate and time left on a terminal, plain lines at most every five seconds
 * elsewhere (none at all for work shorter than that).
 *
 * The rate counts from the first event; it starts anew when `done` falls or `total` changes, which is taken for a
 * new phase.
 *
 * ```ts
 * const progress = startProgress();
 * try {
 *   await merge(recipe, progress);
 * } finally {
 *   progress.stop();
 * }
 * ```
 */
export function startProgress(options: StartProgressOptions = {}): Progress {
  const { stream = process.stderr, enabled = true, unit = 'count', interval = 5000 } = options;
  const now = options.now ?? (() => performance.now());
  const show = !enabled ? undefined : stream.isTTY ? bar(stream, unit) : lines(stream, unit, interval, now);
  const controller = new AbortController();
  const interrupt = (): void => controller.abort(new DOMException('interrupted', 'AbortError'));
  process.once('SIGINT', interrupt);
  const rate = rateMeter(now);
  return {
    onProgress: ({ done, total, label = '' }) =>
      show?.update({ label, done, total, rate: rate(done, total) }),
    signal: controller.signal,
    stop: () => {
      process.off('SIGINT', interrupt);
      show?.stop();
    },
  };
}

interface Display {
  update: (state: ProgressState) => void;
  stop: () => void;
}

function bar(stream: OutputStream, unit: 'count' | 'bytes'): Display {
  const display = new SingleBar({
    stream: stream as NodeJS.WritableStream,
    format: '{label} {bar} {facts}',
    barsize: 24,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    emptyOnZero: true,
    gracefulExit: false, // startProgress listens to SIGINT itself
  });
  let running = false;
  return {
    update: (state) => {
      const { label, percentage, amount, rate, left } = progressWords(state, unit);
      const facts = [percentage, amount, rate, left].filter((text) => text !== '').join(' · ');
      const payload = { label, facts };
      const total = Number.isFinite(state.total) && state.total > 0 ? state.total : 0;
      if (!running) display.start(total, 0, payload);
      running = true;
      display.setTotal(total);
      display.update(Math.min(state.done, total), payload);
    },
    stop: () => {
      if (running) display.stop();
      running = false;
    },
  };
}

function lines(stream: OutputStream, unit: 'count' | 'bytes', interval: number, now: () => number): Display {
  let last = now();
  let shown = false;
  let pending: string | undefined;
  const print = (line: string): void => {
    stream.write(`${line}\n`);
    shown = true;
    pending = undefined;
    last = now();
  };
  return {
    update: (state) => {
      pending = progressLine(progressWords(state, unit));
      if (now() - last >= interval) print(pending);
    },
    stop: () => {
      if (shown && pending !== undefined) print(pending);
    },
  };
}

/** Units per second since the first event of the present phase. */
function rateMeter(now: () => number): (done: number, total: number) => number | undefined {
  let start: { done: number; total: number; time: number } | undefined;
  let before = 0;
  return (done, total) => {
    if (!start || done < before || total !== start.total) start = { done, total, time: now() };
    before = done;
    const seconds = (now() - start.time) / 1000;
    return seconds > 0 && done > start.done ? (done - start.done) / seconds : undefined;
  };
}
