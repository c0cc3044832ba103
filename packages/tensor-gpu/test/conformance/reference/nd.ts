/** A float64 array with a shape: what the references compute on. Row-major. */
export interface Nd {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

export const nd = (shape: readonly number[], data: ArrayLike<number>): Nd => ({
  shape,
  data: Float64Array.from(data),
});

/** Every index of a shape in row-major order. */
export function* indices(shape: readonly number[]): Generator<number[]> {
  const index = shape.map(() => 0);
  for (let n = sizeOf(shape); n > 0; n--) {
    yield [...index];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

/** An array from a function of its index. */
export const build = (shape: readonly number[], f: (index: number[]) => number): Nd =>
  nd(shape, Array.from(indices(shape), f));

/** One element. */
export const at = ({ shape, data }: Nd, index: readonly number[]): number =>
  data[index.reduce((flat, i, axis) => flat * shape[axis] + i, 0)];

/** The element an array shows at an index of a shape it broadcasts to. */
const shownAt = (x: Nd, index: readonly number[]): number =>
  at(
    x,
    x.shape.map((d, axis) => (d === 1 ? 0 : index[index.length - x.shape.length + axis])),
  );

export function broadcastShape(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((s) => s[s.length - rank + axis] ?? 1);
    return sizes.find((d) => d !== 1) ?? 1;
  });
}

/** `f` applied elementwise, broadcasting. */
export const zip = (f: (...values: number[]) => number, ...arrays: Nd[]): Nd =>
  build(broadcastShape(...arrays.map((x) => x.shape)), (index) => f(...arrays.map((x) => shownAt(x, index))));

/** `f` of the values along `axes` (default: all), which vanish. */
export function reduce(
  f: (values: number[]) => number,
  x: Nd,
  axes?: readonly number[],
  keepDims = false,
): Nd {
  const gone = (axes ?? x.shape.map((_, i) => i)).map((a) => (a < 0 ? a + x.shape.length : a));
  const kept = x.shape.filter((_, i) => !gone.includes(i));
  const out = build(kept, (index) => {
    const values: number[] = [];
    for (const inner of indices(gone.map((a) => x.shape[a]))) {
      let next = 0;
      values.push(
        at(
          x,
          x.shape.map((_, i) => (gone.includes(i) ? inner[gone.indexOf(i)] : index[next++])),
        ),
      );
    }
    return f(values);
  });
  return keepDims
    ? nd(
        x.shape.map((d, i) => (gone.includes(i) ? 1 : d)),
        out.data,
      )
    : out;
}

/** Replaces each run of values along one axis by `f` of it; the run may change its length. */
export function alongAxis(f: (values: number[]) => number[], x: Nd, axis: number): Nd {
  const a = axis < 0 ? axis + x.shape.length : axis;
  const runs = new Map<string, number[]>();
  const others = (index: readonly number[]): string => index.filter((_, i) => i !== a).join();
  for (const index of indices(x.shape.map((d, i) => (i === a ? 1 : d)))) {
    const run = Array.from({ length: x.shape[a] }, (_, j) => at(x, index.with(a, j)));
    runs.set(others(index), f(run));
  }
  const length = runs.size ? [...runs.values()][0].length : f(new Array<number>(x.shape[a]).fill(0)).length;
  return build(x.shape.with(a, length), (index) => runs.get(others(index))![index[a]]);
}
