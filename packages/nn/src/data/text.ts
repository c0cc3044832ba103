import { generator, tensor } from '@weightloom/tensor-gpu';
import { checkCount, refuse } from '../internal/checks.js';
import type { BatchSource } from './batch-source.js';
import type { Dataset } from './dataset.js';

/** Text as tokens 0 to 255: its bytes in UTF-8. */
export const encodeBytes = (text: string): Int32Array<ArrayBuffer> =>
  Int32Array.from(new TextEncoder().encode(text));

/**
 * Bytes back to text; what is no UTF-8 becomes `�`.
 *
 * @throws {RangeError} for a token that is no whole number from 0 to 255, with its position
 */
export function decodeBytes(tokens: ArrayLike<number>): string {
  return new TextDecoder().decode(
    Uint8Array.from(tokens, (token, i) => {
      if (!Number.isInteger(token) || token < 0 || token > 255)
        refuse('decodeBytes', 'tokens from 0 to 255', `${token} at position ${i}`);
      return token;
    }),
  );
}

export interface TextWindowsOptions {
  /** Tokens in a window. */
  readonly context: number;
  /** Windows in a batch. */
  readonly batchSize: number;
  /** Default: as many as cover the text once on average. */
  readonly stepsPerEpoch?: number;
}

/**
 * Random windows of a text to learn the next token from: int32 inputs `[batchSize, context]`, targets the same one token
 * later. Windows begin anywhere, each place equally likely, and are drawn from the key that `fit` gives for the step.
 *
 * @param tokens - more than `context`
 * @throws {RangeError} for a text that is too short, or sizes below 1
 */
export function textWindows(
  tokens: Int32Array,
  { context, batchSize, stepsPerEpoch }: TextWindowsOptions,
): BatchSource {
  checkWindow('textWindows', tokens, context);
  checkCount('textWindows', 'batchSize', batchSize);
  if (stepsPerEpoch !== undefined) checkCount('textWindows', 'stepsPerEpoch', stepsPerEpoch);
  return {
    stepsPerEpoch: stepsPerEpoch ?? Math.ceil(tokens.length / (batchSize * context)),
    batch: (_step, key) => {
      const stream = generator(key);
      return windowsAt(
        tokens,
        Array.from({ length: batchSize }, () => stream.integer(tokens.length - context)),
        context,
      );
    },
  };
}

/**
 * The windows of a text one after the other, for evaluation: int32 inputs and targets `[windows, context]`; a rest at the end
 * is left out.
 *
 * @throws {RangeError} for a text of `context` tokens or fewer
 */
export function textDataset(tokens: Int32Array, context: number): Dataset {
  checkWindow('textDataset', tokens, context);
  const count = Math.floor((tokens.length - 1) / context);
  return windowsAt(
    tokens,
    Array.from({ length: count }, (_, i) => i * context),
    context,
  );
}

function windowsAt(tokens: Int32Array, starts: readonly number[], context: number): Dataset {
  const cut = (shift: number): Int32Array => {
    const out = new Int32Array(starts.length * context);
    starts.forEach((start, i) =>
      out.set(tokens.subarray(start + shift, start + shift + context), i * context),
    );
    return out;
  };
  const shape = [starts.length, context];
  return { inputs: tensor(cut(0), shape), targets: tensor(cut(1), shape) };
}

function checkWindow(where: string, tokens: Int32Array, context: number): void {
  checkCount(where, 'context', context);
  if (tokens.length <= context) refuse(where, `a text of more than ${context} tokens`, tokens.length);
}
