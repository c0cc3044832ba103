import { formatBytes, formatDuration } from '@weightloom/cli-kit';
import type { Progress } from '../../src/example.js';

/** Where a phase of a job began, so that its speed can be told. */
export interface PhaseStart {
  readonly time: number;
  readonly done: number;
}

/** How far, how fast, how long still: `12 MB of 40 MB, 8 MB/s, 4 s left: layer 3`. */
export function bytesProgress({ done, total, label }: Progress, start: PhaseStart, now: number): string {
  const seconds = (now - start.time) / 1000;
  const rate = seconds > 0.2 && done > start.done ? (done - start.done) / seconds : undefined;
  const parts = [
    `${formatBytes(done)} of ${formatBytes(total)}`,
    ...(rate ? [`${formatBytes(rate)}/s`] : []),
    ...(rate && done < total ? [`${formatDuration((1000 * (total - done)) / rate)} left`] : []),
  ];
  return `${parts.join(', ')}: ${label}`;
}
