import { afterEach, describe, expect, it } from 'vitest';
import { startProgress, type ProgressEvent } from '../../src/node/index.js';
import { fakeIo } from './fake-io.js';

const started: (() => void)[] = [];
afterEach(() => started.splice(0).forEach((stop) => stop()));

/** Progress with a clock that is set by hand: `at(ms, event)`. */
function start(isTTY: boolean, options: { enabled?: boolean; unit?: 'bytes' } = {}) {
  const { io, written } = fakeIo({}, isTTY);
  let time = 0;
  const progress = startProgress({ stream: io.stderr, now: () => time, ...options });
  started.push(progress.stop);
  const at = (ms: number, event: ProgressEvent): void => {
    time = ms;
    progress.onProgress(event);
  };
  return { at, written, stop: progress.stop };
}

describe('startProgress off a terminal', () => {
  it('prints at most one line every five seconds, with rate and time left, and the last state at the end', () => {
    const { at, written, stop } = start(false);
    at(0, { done: 0, total: 100, label: 'merging' });
    at(4000, { done: 10, total: 100, label: 'merging' });
    expect(written.stderr).toBe('');
    at(5000, { done: 20, total: 100, label: 'merging' });
    at(9000, { done: 30, total: 100, label: 'merging' });
    at(10_000, { done: 40, total: 100, label: 'merging' });
    at(11_000, { done: 100, total: 100, label: 'merging' });
    stop();
    expect(written.stderr.split('\n')).toEqual([
      'merging: 20 of 100 (20 %), 4/s, 20 s left',
      'merging: 40 of 100 (40 %), 4/s, 15 s left',
      'merging: 100 of 100 (100 %), 9.09/s',
      '',
    ]);
  });

  it('prints nothing for work shorter than five seconds', () => {
    const { at, written, stop } = start(false);
    at(0, { done: 0, total: 2 });
    at(4999, { done: 2, total: 2 });
    stop();
    expect(written.stderr).toBe('');
  });

  it('measures the rate anew in a new phase', () => {
    const { at, written } = start(false);
    at(0, { done: 0, total: 10, label: 'reading' });
    at(1000, { done: 10, total: 10, label: 'reading' });
    at(2000, { done: 0, total: 40, label: 'writing' });
    at(6000, { done: 8, total: 40, label: 'writing' });
    expect(written.stderr).toBe('writing: 8 of 40 (20 %), 2/s, 16 s left\n');
  });

  it('writes bytes as sizes', () => {
    const { at, written } = start(false, { unit: 'bytes' });
    at(0, { done: 0, total: 4 * 2 ** 20 });
    at(8000, { done: 2 ** 20, total: 4 * 2 ** 20 });
    expect(written.stderr).toBe('1 MiB of 4 MiB (25 %), 128 KiB/s, 24 s left\n');
  });

  it('leaves out what it cannot know when the total is 0 or unknown', () => {
    const { at, written } = start(false);
    at(0, { done: 0, total: 0, label: 'reading' });
    at(5000, { done: 10, total: 0, label: 'reading' });
    at(10_000, { done: 20, total: Infinity, label: 'reading' });
    expect(written.stderr).toBe('reading: 10, 2/s\nreading: 20\n');
  });

  it('keeps control characters of a label out of the log', () => {
    const { at, written } = start(false);
    at(5000, { done: 1, total: 2, label: 'a\u001b[2Jb\nc' });
    expect(written.stderr).toBe('a\ufffd[2Jb c: 1 of 2 (50 %)\n');
  });
});

describe('startProgress on a terminal', () => {
  it('draws a bar with share, amount, rate and time left, and clears it at the end', () => {
    const { at, written, stop } = start(true);
    at(0, { done: 0, total: 100, label: 'merging' });
    expect(written.stderr).toContain(`merging ${'░'.repeat(24)} 0 % · 0 of 100`);
    written.stderr = '';
    at(5000, { done: 25, total: 100, label: 'merging' });
    stop();
    expect(written.stderr).toContain(`${'█'.repeat(6)}${'░'.repeat(18)} 25 % · 25 of 100 · 5/s · 15 s left`);
  });

  it('writes nothing when it is not enabled, or when no work was reported', () => {
    const silent = start(true, { enabled: false });
    silent.at(0, { done: 1, total: 2 });
    silent.stop();
    const idle = start(true);
    idle.stop();
    expect([silent.written.stderr, idle.written.stderr]).toEqual(['', '']);
  });
});

describe('the signal of startProgress', () => {
  it('aborts at the first SIGINT and then leaves the second to the process', () => {
    const { io } = fakeIo();
    const before = process.listenerCount('SIGINT');
    const progress = startProgress({ stream: io.stderr });
    expect(progress.signal.aborted).toBe(false);
    process.emit('SIGINT');
    expect(progress.signal.aborted).toBe(true);
    expect(progress.signal.reason).toMatchObject({ name: 'AbortError', message: 'interrupted' });
    expect(process.listenerCount('SIGINT')).toBe(before);
    progress.stop();
  });
});
