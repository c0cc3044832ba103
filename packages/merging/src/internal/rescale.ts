import type { Sparsifier } from './sparsifier.js';

/** Below this nothing is left to scale up. */
const HARDLY_ANYTHING = 1e-7;

/** Multiplies what a sparsifier keeps so that `Σ |change|` of the whole is kept. */
export function keepL1(sparsifier: Sparsifier): Sparsifier {
  let factor = 1;
  let [before, after] = [0, 0];
  let step: ReturnType<Sparsifier['walk']> | undefined;
  return {
    passes: [
      ...sparsifier.passes,
      {
        reduce(change) {
          step ??= sparsifier.walk();
          before += absoluteSum(change.values());
          after += absoluteSum(step(change));
        },
        finish() {
          if (before > HARDLY_ANYTHING && after > HARDLY_ANYTHING) factor = before / after;
        },
      },
    ],
    walk() {
      const inner = sparsifier.walk();
      return (change) => multiply(inner(change), factor);
    },
  };
}

function absoluteSum(values: Float64Array): number {
  let total = 0;
  for (let j = 0; j < values.length; j++) total += Math.abs(values[j]!);
  return total;
}

function multiply(values: Float64Array, factor: number): Float64Array {
  for (let j = 0; j < values.length; j++) values[j] = values[j]! * factor;
  return values;
}
