import { CheckpointError } from '../checkpoint-error.js';

/** `new Uint8Array(size)`, with a refusal that says what to do when the engine cannot make one so large. */
export function allocate(size: number, where: string, cure: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    throw new CheckpointError({
      code: 'too-large',
      where,
      expected: 'a size that one array can hold',
      received: `${size} bytes`,
      cure,
      cause,
    });
  }
}
