import { contiguousStrides, type Shape, sizeOf } from './shape.js';

/** Where the elements of a view lie in its buffer: `offset + Σ index_i · strides_i`, in elements. */
export interface Layout {
  readonly shape: Shape;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** One step that only renames indices: no element is computed or moved. */
export type ViewOp =
  | { readonly op: 'reshape'; readonly shape: Shape }
  | { readonly op: 'transpose'; readonly perm: readonly number[] }
  | { readonly op: 'broadcast'; readonly shape: Shape }
  | {
      readonly op: 'slice';
      readonly starts: Shape;
      readonly sizes: Shape;
      readonly steps: readonly number[];
    };

export const contiguous = (shape: Shape): Layout => ({
  shape,
  offset: 0,
  strides: contiguousStrides(shape),
});

/** True when the elements follow each other in row-major order from `offset` on. */
export function isContiguous({ shape, strides }: Layout): boolean {
  if (shape.includes(0)) return true;
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 1) continue;
    if (strides[i] !== step) return false;
    step *= shape[i];
  }
  return true;
}

/** The layout after `view`, or `null` when a reshape cannot be expressed by strides and needs a copy. */
export function applyView(layout: Layout, view: ViewOp): Layout | null {
  const { shape, offset, strides } = layout;
  switch (view.op) {
    case 'transpose':
      return {
        shape: view.perm.map((p) => shape[p]),
        offset,
        strides: view.perm.map((p) => strides[p]),
      };
    case 'broadcast': {
      const shift = view.shape.length - shape.length;
      return {
        shape: view.shape,
        offset,
        strides: view.shape.map((d, i) =>
          i < shift || (shape[i - shift] === 1 && d !== 1) ? 0 : strides[i - shift],
        ),
      };
    }
    case 'slice': {
      let start = offset;
      view.starts.forEach((s, i) => (start += s * strides[i]));
      return { shape: view.sizes, offset: start, strides: strides.map((s, i) => s * view.steps[i]) };
    }
    case 'reshape': {
      const next = reshapeStrides(shape, strides, view.shape);
      return next && { shape: view.shape, offset, strides: next };
    }
  }
}

/** Strides of `next` over the same elements in the same order, or `null`. Runs of axes are matched by their products. */
function reshapeStrides(shape: Shape, strides: readonly number[], next: Shape): number[] | null {
  if (sizeOf(shape) === 0) return contiguousStrides(next);
  const dims = shape.flatMap((d, i) => (d === 1 ? [] : [{ d, s: strides[i] }]));
  const out = new Array<number>(next.length).fill(0);
  let from = 0;
  let to = 0;
  while (from < dims.length) {
    let [n, m] = [dims[from].d, 1];
    let [fromEnd, toEnd] = [from + 1, to];
    while (n !== m) {
      if (m < n) m *= next[toEnd++];
      else n *= dims[fromEnd++].d;
    }
    for (let i = from; i < fromEnd - 1; i++) {
      if (dims[i].s !== dims[i + 1].s * dims[i + 1].d) return null;
    }
    let step = dims[fromEnd - 1].s;
    for (let i = toEnd - 1; i >= to; i--) {
      out[i] = step;
      step *= next[i];
    }
    [from, to] = [fromEnd, toEnd];
  }
  for (; to < next.length; to++) out[to] = 1;
  return out;
}

/** Applies view steps in order; `null` as soon as one needs a copy. */
export function applyViews(layout: Layout, views: readonly ViewOp[]): Layout | null {
  let current: Layout | null = layout;
  for (const view of views) {
    if (!current) return null;
    current = applyView(current, view);
  }
  return current;
}
