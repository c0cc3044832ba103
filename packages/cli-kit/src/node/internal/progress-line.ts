import { formatBytes } from '../../format-bytes.js';
import { formatDuration } from '../../format-duration.js';
import { formatNumber } from '../../format-number.js';
import { printable } from '../../internal/printable.js';

/** How far a piece of work is, and how fast it went since it began. */
export interface ProgressState {
  label: string;
  done: number;
  total: number;
  /** Units done per second, or `undefined` while too little is known. */
  rate: number | undefined;
}

/** The words of a progress line, for a bar and for a log alike. */
export interface ProgressWords {
  label: string;
  /** In per cent, rounded down so that 100 means done; empty without a total. */
  percentage: string;
  amount: string;
  rate: string;
  left: string;
}

/** Put a state into words; `unit` says what is counted. */
export function progressWords(state: ProgressState, unit: 'count' | 'bytes'): ProgressWords {
  const { label, done, total, rate } = state;
  const format = unit === 'bytes' ? formatBytes : (value: number) => formatNumber(value, { digits: 3 });
  const known = Number.isFinite(total) && total > 0;
  const left = known && rate ? formatDuration((Math.max(0, total - done) / rate) * 1000) : '';
  return {
    label: printable(label),
    percentage: known ? `${Math.min(100, Math.floor((100 * done) / total))} %` : '',
    amount: known ? `${format(done)} of ${format(total)}` : format(done),
    rate: rate ? `${format(rate)}/s` : '',
    left: left && done < total ? `${left} left` : '',
  };
}

/** One line of a log: `merging: 120 of 340 (35 %), 12.3/s, 18 s left`. */
export function progressLine(words: ProgressWords): string {
  const amount = words.percentage ? `${words.amount} (${words.percentage})` : words.amount;
  const facts = [amount, words.rate, words.left].filter((text) => text !== '').join(', ');
  return words.label ? `${words.label}: ${facts}` : facts;
}
