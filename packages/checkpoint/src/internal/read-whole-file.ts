import type { ByteSource } from '../byte-source.js';
import { CheckpointError } from '../checkpoint-error.js';
import { allocate } from './allocate.js';

/** Files beside the weights, read whole: the largest tokenizers are some 40 MB. */
const MAX_WHOLE_FILE = 512_000_000;

/** All bytes of a small file, which is then closed. */
export async function readWholeFile(
  source: ByteSource,
  signal?: AbortSignal,
  limit = MAX_WHOLE_FILE,
): Promise<Uint8Array> {
  try {
    if (source.size > limit) {
      throw new CheckpointError({
        code: 'too-large',
        where: source.label,
        expected: `at most ${limit} bytes`,
        received: `${source.size}`,
      });
    }
    const bytes = allocate(source.size, source.label, 'use less memory');
    await source.readInto(0, bytes, signal);
    return bytes;
  } finally {
    await source.close();
  }
}
