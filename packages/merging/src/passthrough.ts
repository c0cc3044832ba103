import { type ChunkedMethod, runInMemory, type StateDict } from '@weightloom/state-dict';
import { checkNumber } from './internal/check-number.js';

export interface PassthroughOptions {
  /** What the weights are multiplied by (default 1). */
  readonly scale?: number;
}

/**
 * One model as it is, or scaled: what recipes stack layers with.
 *
 * @param models - exactly one
 * @throws {RangeError} for another number of models, or a scale that is not finite
 */
export async function passthrough(
  models: readonly StateDict[],
  options: PassthroughOptions = {},
): Promise<StateDict> {
  if (models.length !== 1) {
    throw new RangeError(`passthrough: expected exactly one model, received ${models.length}`);
  }
  return runInMemory(passthroughMethod(options), models);
}

/** `passthrough` for one input. */
export function passthroughMethod({ scale = 1 }: PassthroughOptions = {}): ChunkedMethod {
  checkNumber('passthrough', 'scale', scale);
  return {
    name: 'passthrough',
    granularity: 'element',
    begin: () => ({ emit: ({ inputs }, out) => multiply(inputs[0]!, scale, out) }),
  };
}

function multiply(input: Float32Array, factor: number, out: Float32Array): void {
  for (let j = 0; j < out.length; j++) out[j] = input[j]! * factor;
}
