import { ShapeError } from '../errors.js';
import * as p from '../primitives/movement.js';
import { cast, constantLike, select } from '../primitives/elementwise.js';
import { promote } from '../tensor/dtype.js';
import {
  broadcastShapes,
  checkShape,
  normalizeAxes,
  normalizeAxis,
  sameShape,
  type Shape,
  showShape,
  sizeOf,
} from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { full } from './creation.js';
import { toTensor } from './operands.js';

/** Same elements in row-major order; one axis may be -1 and is worked out. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const t = toTensor('reshape', x);
  const open = shape.indexOf(-1);
  const rest = sizeOf(shape.filter((d) => d !== -1));
  const target = open < 0 ? shape : shape.map((d, i) => (i === open ? t.size / rest : d));
  if (target.some((d) => !Number.isInteger(d) || d < 0) || sizeOf(target) !== t.size) {
    throw new ShapeError({
      where: 'reshape',
      expected: `a shape of ${t.size} elements (${showShape(t.shape)})`,
      received: showShape(shape),
    });
  }
  return p.reshape(t, target);
}

/** Reorders axes; default: reverses them. */
export function transpose(x: Tensor, perm?: readonly number[]): Tensor {
  const order =
    perm?.map((a) => normalizeAxis('transpose', a, x.rank)) ?? x.shape.map((_, i) => x.rank - 1 - i);
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new ShapeError({
      where: 'transpose',
      expected: `each of the ${x.rank} axes once`,
      received: showShape(perm ?? []),
    });
  }
  return p.transpose(x, order);
}

/** Swaps two axes. */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  const [i, j] = [normalizeAxis('swapAxes', a, x.rank), normalizeAxis('swapAxes', b, x.rank)];
  return p.transpose(
    x,
    x.shape.map((_, k) => (k === i ? j : k === j ? i : k)),
  );
}

/** Moves one axis to another place. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  const [a, b] = [normalizeAxis('moveAxis', from, x.rank), normalizeAxis('moveAxis', to, x.rank)];
  const perm = x.shape.map((_, i) => i).filter((i) => i !== a);
  perm.splice(b, 0, a);
  return p.transpose(x, perm);
}

/** Repeats axes of size 1 to reach `shape`, as NumPy; takes no memory. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  checkShape('broadcastTo', shape);
  if (!sameShape(broadcastShapes('broadcastTo', x.shape, shape), shape)) {
    throw new ShapeError({
      where: 'broadcastTo',
      expected: `a shape ${showShape(x.shape)} broadcasts to`,
      received: showShape(shape),
    });
  }
  return p.broadcastTo(x, shape);
}

/** Adds an axis of size 1 at `axis` of the result. */
export function expandDims(x: Tensor, axis: number): Tensor {
  const a = normalizeAxis('expandDims', axis, x.rank + 1);
  return p.reshape(x, [...x.shape.slice(0, a), 1, ...x.shape.slice(a)]);
}

/** Removes axes of size 1; default: all of them. */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  const which =
    axes === undefined
      ? x.shape.flatMap((d, i) => (d === 1 ? [i] : []))
      : normalizeAxes('squeeze', axes, x.rank);
  for (const a of which) {
    if (x.shape[a] !== 1) {
      throw new ShapeError({
        where: 'squeeze',
        expected: `axis ${a} of size 1`,
        received: showShape(x.shape),
      });
    }
  }
  return p.reshape(
    x,
    x.shape.filter((_, i) => !which.includes(i)),
  );
}

/**
 * A box: `start[i] ≤ index < stop[i]` by `step[i]`, as NumPy's slices; negative bounds count from the end, bounds beyond the
 * ends are cut. Missing axes are taken whole.
 */
export function slice(
  x: Tensor,
  start: readonly number[],
  stop?: readonly (number | null)[],
  step?: readonly number[],
): Tensor {
  if (start.length > x.rank || (stop?.length ?? 0) > x.rank || (step?.length ?? 0) > x.rank) {
    throw new ShapeError({
      where: 'slice',
      expected: `bounds for at most ${x.rank} axes`,
      received: `${start.length}`,
    });
  }
  const starts: number[] = [];
  const sizes: number[] = [];
  const steps: number[] = [];
  x.shape.forEach((d, i) => {
    const by = step?.[i] ?? 1;
    if (!Number.isInteger(by) || by === 0) {
      throw new ShapeError({ where: 'slice', expected: 'a whole step other than 0', received: String(by) });
    }
    const [low, high] = by > 0 ? [0, d] : [-1, d - 1];
    const cut = (v: number): number => Math.min(Math.max(v < 0 ? v + d : v, low), high);
    const from = start[i] === undefined ? (by > 0 ? 0 : d - 1) : cut(start[i]);
    const bound = stop?.[i];
    const to = bound === undefined || bound === null ? (by > 0 ? d : -1) : cut(bound);
    const size = Math.max(0, Math.ceil((to - from) / by));
    starts.push(size === 0 ? 0 : from);
    sizes.push(size);
    steps.push(by);
  });
  return p.slice(x, { starts, sizes, steps });
}

/** Joins along an existing axis; the other axes agree. */
export function concat(inputs: readonly Tensor[], axis = 0): Tensor {
  if (inputs.length === 0)
    throw new ShapeError({ where: 'concat', expected: 'at least one tensor', received: 'none' });
  const a = normalizeAxis('concat', axis, inputs[0].rank);
  inputs.forEach((t, i) => {
    if (t.rank !== inputs[0].rank || t.shape.some((d, k) => k !== a && d !== inputs[0].shape[k])) {
      throw new ShapeError({
        where: 'concat',
        expected: `shapes equal to ${showShape(inputs[0].shape)} but for axis ${a}`,
        received: `${showShape(t.shape)} at position ${i}`,
      });
    }
  });
  const same = inputs.every((t) => t.dtype === inputs[0].dtype);
  const dtype = same ? inputs[0].dtype : inputs.map((t) => t.dtype).reduce(promote);
  return p.concat(
    inputs.map((t) => cast(t, dtype)),
    a,
  );
}

/** Joins along a new axis; all shapes agree. */
export function stack(inputs: readonly Tensor[], axis = 0): Tensor {
  return concat(
    inputs.map((t) => expandDims(t, axis)),
    axis,
  );
}

/** Cuts an axis into equal parts (a number) or parts of the given sizes. */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor[] {
  const a = normalizeAxis('split', axis, x.rank);
  const sizes = typeof parts === 'number' ? new Array<number>(parts).fill(x.shape[a] / parts) : parts;
  if (sizes.some((s) => !Number.isInteger(s) || s < 0) || sizes.reduce((n, s) => n + s, 0) !== x.shape[a]) {
    throw new ShapeError({
      where: 'split',
      expected: `whole sizes that add up to ${x.shape[a]}`,
      received: showShape(sizes),
    });
  }
  let at = 0;
  return sizes.map((size) => {
    const starts = x.shape.map((_, i) => (i === a ? at : 0));
    at += size;
    return p.slice(x, {
      starts,
      sizes: x.shape.map((d, i) => (i === a ? size : d)),
      steps: x.shape.map(() => 1),
    });
  });
}

/** Adds `widths[i] = [before, after]` elements of `value` on axis `i`. */
export function pad(x: Tensor, widths: readonly (readonly [number, number])[], value = 0): Tensor {
  if (widths.length !== x.rank || widths.flat().some((w) => !Number.isInteger(w) || w < 0)) {
    throw new ShapeError({
      where: 'pad',
      expected: `${x.rank} pairs of whole widths ≥ 0`,
      received: JSON.stringify(widths),
    });
  }
  const shape = x.shape.map((d, i) => d + widths[i][0] + widths[i][1]);
  const box = {
    shape,
    starts: widths.map(([before]) => before),
    sizes: x.shape,
    steps: x.shape.map(() => 1),
  };
  const zeroed = p.embed(x, box);
  if (value === 0) return zeroed;
  const inside = p.embed(full(x.shape, 1, 'bool'), box);
  return select(inside, zeroed, constantLike(zeroed, value));
}

/** Reverses axes; default: all. */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  const which = normalizeAxes('flip', axes, x.rank);
  const turned = (i: number): boolean => which.includes(i) && x.shape[i] > 0;
  return p.slice(x, {
    starts: x.shape.map((d, i) => (turned(i) ? d - 1 : 0)),
    sizes: x.shape,
    steps: x.shape.map((_, i) => (turned(i) ? -1 : 1)),
  });
}

/** Repeats each element `times` times along `axis`. */
export function repeat(x: Tensor, times: number, axis = 0): Tensor {
  const a = normalizeAxis('repeat', axis, x.rank);
  checkShape('repeat', [times]);
  const wide = p.broadcastTo(expandDims(x, a + 1), [
    ...x.shape.slice(0, a + 1),
    times,
    ...x.shape.slice(a + 1),
  ]);
  return p.reshape(
    wide,
    x.shape.map((d, i) => (i === a ? d * times : d)),
  );
}

/** Repeats the whole tensor `times[i]` times along axis `i`, counted from the last as NumPy. */
export function tile(x: Tensor, times: readonly number[]): Tensor {
  checkShape('tile', times);
  const rank = Math.max(x.rank, times.length);
  const shape = [...new Array<number>(rank - x.rank).fill(1), ...x.shape];
  const reps = [...new Array<number>(rank - times.length).fill(1), ...times];
  const spread = p.broadcastTo(
    p.reshape(
      x,
      shape.flatMap((d) => [1, d]),
    ),
    shape.flatMap((d, i) => [reps[i], d]),
  );
  return p.reshape(
    spread,
    shape.map((d, i) => d * reps[i]),
  );
}
