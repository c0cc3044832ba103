import { CheckpointError } from '../checkpoint-error.js';

/**
 * Fills `target` from a stream that should hold exactly as many bytes, and stops at the first byte too many: a server
 * that sends without end costs nothing.
 */
export async function readStream(
  stream: ReadableStream<Uint8Array>,
  target: Uint8Array,
  where: string,
): Promise<void> {
  const reader = stream.getReader();
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (filled + value.length > target.length) {
      await reader.cancel();
      throw shortRead(where, target.length, `more than ${filled + value.length - 1}`);
    }
    target.set(value, filled);
    filled += value.length;
  }
  if (filled < target.length) throw shortRead(where, target.length, String(filled));
}

export function shortRead(where: string, expected: number, received: string): CheckpointError {
  return new CheckpointError({
    code: 'short-read',
    where,
    expected: `${expected} bytes`,
    received,
    cure: 'the file is cut short or was changed while it was read',
  });
}
