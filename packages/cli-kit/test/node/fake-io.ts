import type { CliIo } from '../../src/node/index.js';

/** Surroundings that keep what was written. */
export function fakeIo(env: CliIo['env'] = {}, isTTY = false) {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({ isTTY, write: (text: string) => (written[name] += text) });
  return { written, io: { stdout: stream('stdout'), stderr: stream('stderr'), env } satisfies CliIo };
}
