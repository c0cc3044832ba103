import type { Block, ChunkedMethod, StateDict } from '@weightloom/state-dict';
import { checkNumber } from './internal/check-number.js';
import { mergeOntoBase } from './internal/merge-onto-base.js';

export interface RamOptions {
  /** Changes up to this size count as none (default 1e-5); at least 0. */
  readonly epsilon?: number;
}

export interface RamPlusOptions extends RamOptions {
  /** How much unique changes are amplified (default 0.1); at least 0. */
  readonly r?: number;
  /** Most that the ratio of shared to unique changes counts (default 0.2); at least 0. */
  readonly alpha?: number;
}

/**
 * RAM, mergekit's `ram`: keeps the changes that only one model made, and averages those that several made.
 *
 * With `dᵢ = wᵢ - w₀` and a change being *active* where `|dᵢ| > epsilon`: the mean of the active changes of each weight is
 * added to the base.
 *
 * @param base - `w₀`, the model that the others were fine-tuned from
 * @param models - at least one; names, shapes and dtypes of the base
 * @throws {RangeError} without models, or for options that are negative or not finite
 */
export async function ram(
  base: StateDict,
  models: readonly StateDict[],
  options: RamOptions = {},
): Promise<StateDict> {
  return mergeOntoBase(ramMethod(models.length, options), base, models);
}

/**
 * RAM+, mergekit's `ramplus_tl`: as {@link ram}, and amplifies the changes that only model i made by
 * `1 + r · min(alpha, sharedᵢ / uniqueᵢ)`, where `uniqueᵢ` and `sharedᵢ` count, per tensor, the changes that model i alone
 * made and those that it made with others.
 */
export async function ramPlus(
  base: StateDict,
  models: readonly StateDict[],
  options: RamPlusOptions = {},
): Promise<StateDict> {
  return mergeOntoBase(ramPlusMethod(models.length, options), base, models);
}

/** `ram` for the base and `count` models. */
export function ramMethod(count: number, { epsilon = 1e-5 }: RamOptions = {}): ChunkedMethod {
  checkNumber('ram', 'epsilon', epsilon, 0);
  const factors = new Array<number>(count).fill(1);
  return {
    name: 'ram',
    granularity: 'element',
    begin: () => ({ emit: ({ inputs }, out) => mergeActive(inputs, factors, epsilon, out) }),
  };
}

/** `ramPlus` for the base and `count` models. */
export function ramPlusMethod(count: number, options: RamPlusOptions = {}): ChunkedMethod {
  const { epsilon = 1e-5, r = 0.1, alpha = 0.2 } = options;
  checkNumber('ramPlus', 'epsilon', epsilon, 0);
  checkNumber('ramPlus', 'r', r, 0);
  checkNumber('ramPlus', 'alpha', alpha, 0);
  return {
    name: 'ramPlus',
    granularity: 'element',
    begin() {
      const unique = new Array<number>(count).fill(0);
      const shared = new Array<number>(count).fill(0);
      const factors = new Array<number>(count).fill(1);
      return {
        passes: [
          {
            reduce: (block) => countActive(block, epsilon, unique, shared),
            finish() {
              for (let i = 0; i < count; i++) {
                if (unique[i]! > 0) factors[i] = 1 + r * Math.min(alpha, shared[i]! / unique[i]!);
              }
            },
          },
        ],
        emit: ({ inputs }, out) => mergeActive(inputs, factors, epsilon, out),
      };
    },
  };
}

function countActive({ inputs, length }: Block, epsilon: number, unique: number[], shared: number[]): void {
  const base = inputs[0]!;
  const active: number[] = [];
  for (let j = 0; j < length; j++) {
    active.length = 0;
    for (let i = 1; i < inputs.length; i++) {
      if (Math.abs(inputs[i]![j]! - base[j]!) > epsilon) active.push(i - 1);
    }
    const counts = active.length === 1 ? unique : shared;
    for (const i of active) counts[i]!++;
  }
}

function mergeActive(
  inputs: readonly Float32Array[],
  factors: readonly number[],
  epsilon: number,
  out: Float32Array,
): void {
  const base = inputs[0]!;
  for (let j = 0; j < out.length; j++) {
    let sum = 0;
    let count = 0;
    let only = 0;
    for (let i = 1; i < inputs.length; i++) {
      const change = inputs[i]![j]! - base[j]!;
      if (Math.abs(change) > epsilon) {
        sum += change;
        count++;
        only = i - 1;
      }
    }
    if (count === 0) out[j] = base[j]!;
    else out[j] = base[j]! + (count === 1 ? sum * factors[only]! : sum / count);
  }
}
