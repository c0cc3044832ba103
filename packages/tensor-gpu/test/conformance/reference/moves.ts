import { at, build, type Nd } from './nd.js';

/** The element of `x` that stands at each index of a new shape. */
export const pick = (x: Nd, shape: readonly number[], from: (index: number[]) => number[]): Nd =>
  build(shape, (i) => at(x, from(i)));
export const permuted = (x: Nd, perm: readonly number[]): Nd =>
  pick(
    x,
    perm.map((p) => x.shape[p]),
    (index) => x.shape.map((_, axis) => index[perm.indexOf(axis)]),
  );
export const spread = (x: Nd, shape: readonly number[]): Nd =>
  pick(x, shape, (index) => x.shape.map((d, a) => (d === 1 ? 0 : index[shape.length - x.shape.length + a])));

/** Python's `range(*slice(start, stop, step).indices(n))`. */
function range(n: number, start: number | null, stop: number | null, step: number): number[] {
  const [low, high] = step > 0 ? [0, n] : [-1, n - 1];
  const clip = (v: number): number => Math.min(Math.max(v < 0 ? v + n : v, low), high);
  const from = start === null ? (step > 0 ? 0 : n - 1) : clip(start);
  const to = stop === null ? (step > 0 ? n : -1) : clip(stop);
  const out: number[] = [];
  for (let i = from; step > 0 ? i < to : i > to; i += step) out.push(i);
  return out;
}
export function sliced(
  x: Nd,
  start: readonly number[],
  stop: readonly (number | null)[] = [],
  step: readonly number[] = [],
): Nd {
  const lists = x.shape.map((d, a) => range(d, start[a] ?? null, stop[a] ?? null, step[a] ?? 1));
  return pick(
    x,
    lists.map((l) => l.length),
    (index) => index.map((i, a) => lists[a][i]),
  );
}
export function joined(arrays: readonly Nd[], axis: number): Nd {
  const size = arrays.reduce((n, x) => n + x.shape[axis], 0);
  return build(arrays[0].shape.with(axis, size), (index) => {
    let i = index[axis];
    let which = 0;
    while (i >= arrays[which].shape[axis]) i -= arrays[which++].shape[axis];
    return at(arrays[which], index.with(axis, i));
  });
}
export const padded = (x: Nd, widths: readonly (readonly [number, number])[], value = 0): Nd =>
  build(
    x.shape.map((d, a) => d + widths[a][0] + widths[a][1]),
    (index) => {
      const inner = index.map((i, a) => i - widths[a][0]);
      return inner.every((i, a) => i >= 0 && i < x.shape[a]) ? at(x, inner) : value;
    },
  );
