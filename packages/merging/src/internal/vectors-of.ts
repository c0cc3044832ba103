import type { Block } from '@weightloom/state-dict';
import { float64Scratch } from './scratch.js';

/**
 * What is merged of each block: the models themselves, or with a base (the first input) their changes to it.
 *
 * @param count - number of models
 */
export function vectorsOf(hasBase: boolean, count: number): (block: Block) => readonly ArrayLike<number>[] {
  if (!hasBase) return ({ inputs }) => inputs;
  const scratches = Array.from({ length: count }, () => float64Scratch());
  return ({ inputs, length }) =>
    scratches.map((scratch, i) => subtract(inputs[i + 1]!, inputs[0]!, scratch(length)));
}

/** `out = a - b`, exact but for extreme exponents. */
export function subtract(a: Float32Array, b: Float32Array, out: Float64Array): Float64Array {
  for (let j = 0; j < out.length; j++) out[j] = a[j]! - b[j]!;
  return out;
}

/** `out = base + total`, or `total` without a base. */
export function store(total: Float64Array, { inputs }: Block, hasBase: boolean, out: Float32Array): void {
  if (hasBase) addBase(total, inputs[0]!, out);
  else out.set(total);
}

function addBase(total: Float64Array, base: Float32Array, out: Float32Array): void {
  for (let j = 0; j < out.length; j++) out[j] = base[j]! + total[j]!;
}
