import { ShapeError } from '../errors.js';

export type Shape = readonly number[];

export const sizeOf = (shape: Shape): number => {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
};

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i]);

export const showShape = (shape: Shape): string => `[${shape.join(', ')}]`;

/** Row-major strides, in elements. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

/** NumPy broadcasting of several shapes. */
export function broadcastShapes(where: string, ...shapes: Shape[]): number[] {
  const rank = Math.max(...shapes.map((s) => s.length));
  const out = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    const shift = rank - shape.length;
    for (let i = 0; i < shape.length; i++) {
      const d = shape[i];
      if (d === 1 || out[i + shift] === d) continue;
      if (out[i + shift] !== 1) {
        throw new ShapeError({
          where,
          expected: 'shapes that broadcast together (equal or 1 from the last axis on)',
          received: shapes.map(showShape).join(' and '),
        });
      }
      out[i + shift] = d;
    }
  }
  return out;
}

/** An axis from -rank..rank-1 as 0..rank-1. */
export function normalizeAxis(where: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError({
      where,
      expected: rank === 0 ? 'no axis (the tensor is a scalar)' : `an axis from ${-rank} to ${rank - 1}`,
      received: String(axis),
    });
  }
  return axis < 0 ? axis + rank : axis;
}

/** Several axes, `undefined` meaning all, sorted; a repeated axis is refused. */
export function normalizeAxes(
  where: string,
  axes: number | readonly number[] | undefined,
  rank: number,
): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = (typeof axes === 'number' ? [axes] : axes).map((a) => normalizeAxis(where, a, rank));
  if (new Set(list).size !== list.length) {
    throw new ShapeError({ where, expected: 'each axis once', received: `axes ${showShape(list)}` });
  }
  return list.sort((a, b) => a - b);
}

/** Refuses anything but a list of whole numbers ≥ 0. */
export function checkShape(where: string, shape: Shape): void {
  for (const d of shape) {
    if (!Number.isSafeInteger(d) || d < 0) {
      throw new ShapeError({ where, expected: 'a shape of whole numbers ≥ 0', received: showShape(shape) });
    }
  }
}
