import { type Core, coreOf, MAX_ARGUMENTS } from './internal/core.js';

/**
 * `out = Σ factors[i] · inputs[i]`: sums in float64, in the order of the inputs, each rounded once to float32.
 *
 * For the blocks that a `ChunkedMethod` is given this takes a fraction of the time of a loop in JavaScript, and gives the
 * same bits.
 *
 * @param inputs - at least one, all as long as `out`, none of them `out` itself
 * @param factors - one per input
 */
export function combineInto(
  inputs: readonly Float32Array[],
  factors: readonly number[],
  out: Float32Array,
): void {
  const core = inputs.length <= MAX_ARGUMENTS ? coreOf([out, ...inputs]) : undefined;
  if (core) combineInCore(core, inputs, factors, out);
  else combineHere(inputs, factors, out);
}

function combineInCore(
  core: Core,
  inputs: readonly Float32Array[],
  factors: readonly number[],
  out: Float32Array,
): void {
  const count = inputs.length;
  const weights = core.arguments + 4 * MAX_ARGUMENTS;
  new Uint32Array(core.buffer, core.arguments, count).set(inputs.map(({ byteOffset }) => byteOffset));
  new Float64Array(core.buffer, weights, count).set(factors);
  core.combine(out.length, count, core.arguments, weights, out.byteOffset);
}

function combineHere(inputs: readonly Float32Array[], factors: readonly number[], out: Float32Array): void {
  const total = new Float64Array(out.length);
  weigh(inputs[0]!, factors[0]!, total);
  for (let i = 1; i < inputs.length; i++) addWeighted(inputs[i]!, factors[i]!, total);
  out.set(total);
}

function weigh(input: Float32Array, factor: number, total: Float64Array): void {
  for (let j = 0; j < total.length; j++) total[j] = factor * input[j]!;
}

function addWeighted(input: Float32Array, factor: number, total: Float64Array): void {
  for (let j = 0; j < total.length; j++) total[j] = total[j]! + factor * input[j]!;
}
