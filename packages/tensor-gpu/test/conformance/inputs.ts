import { nd, type Nd, sizeOf } from './reference/nd.js';

/** What stands at one argument of a case: a shape, a dtype, and how its values are drawn. */
export interface Input {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly values: (random: () => number, n: number) => number[];
}

/** A small stream of numbers in [0, 1) (mulberry32), so that inputs owe nothing to the engine. */
export function stream(seed: string): () => number {
  let state = 0x9e3779b9;
  for (const c of seed) state = Math.imul(state ^ c.charCodeAt(0), 0x85ebca6b) ^ (state >>> 13);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const times = (n: number, f: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => f(i));
type Shape = readonly number[];

/** Evenly drawn between two bounds. */
export const float = (shape: Shape, low = -2, high = 2): Input => ({
  shape,
  dtype: 'float32',
  values: (random, n) => times(n, () => low + (high - low) * random()),
});

/** Of either sign, with a magnitude between two bounds: away from zero. */
export const signed = (shape: Shape, low = 0.3, high = 2): Input => ({
  shape,
  dtype: 'float32',
  values: (random, n) => times(n, () => (random() < 0.5 ? -1 : 1) * (low + (high - low) * random())),
});

/** Pairwise different by at least half of `span / n`: no ties under small changes. */
export const distinct = (shape: Shape, span = 4): Input => ({
  shape,
  dtype: 'float32',
  values: (random, n) => {
    const places = times(n, (i) => (span * (i + 0.5 * random())) / n - span / 2);
    for (let i = n - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [places[i], places[j]] = [places[j], places[i]];
    }
    return places;
  },
});

/** Whole numbers from `low` to `high - 1`. */
export const int = (shape: Shape, low: number, high: number): Input => ({
  shape,
  dtype: 'int32',
  values: (random, n) => times(n, () => low + Math.floor((high - low) * random())),
});

export const bool = (shape: Shape): Input => ({
  shape,
  dtype: 'bool',
  values: (random, n) => times(n, () => (random() < 0.5 ? 0 : 1)),
});

/** These very values. */
export const exactly = (
  values: number[],
  shape: Shape = [values.length],
  dtype: Input['dtype'] = 'float32',
): Input => ({
  shape,
  dtype,
  values: () => values,
});

/** The values of an input, rounded to what its dtype holds. */
export function draw(input: Input, seed: string): Nd {
  const n = sizeOf(input.shape);
  const values = input.values(stream(seed), n);
  return nd(input.shape, input.dtype === 'float32' ? values.map(Math.fround) : values);
}
