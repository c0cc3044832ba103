import { DTypeError, ShapeError } from '../errors.js';
import { add, cast, constantLike, eq, le, select } from '../primitives/elementwise.js';
import { gather, scatterAdd as scatter } from '../primitives/gather.js';
import * as m from '../primitives/movement.js';
import type { DType } from '../tensor/dtype.js';
import { checkShape, normalizeAxis, showShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { arange } from './creation.js';
import { computing } from './operands.js';
import { moveAxis } from './shaping.js';

function requireIndex(where: string, index: Tensor): void {
  if (index.dtype !== 'int32') {
    throw new DTypeError({
      where,
      expected: 'int32 indices',
      received: index.dtype,
      cure: "use cast(index, 'int32')",
    });
  }
}

/**
 * Slices of `x` by number along `axis`: the axis is replaced by the shape of `index`.
 *
 * @param index - int32, each from 0 to the size of the axis minus 1; checked when it runs
 * @throws {ShapeError} when an index is out of range
 */
export function take(x: Tensor, index: Tensor, axis = 0): Tensor {
  requireIndex('take', index);
  const t = computing('take', x);
  const a = normalizeAxis('take', axis, t.rank);
  const [before, after] = [t.shape.slice(0, a), t.shape.slice(a + 1)];
  const rows = m.reshape(t, [sizeOf(before), t.shape[a], sizeOf(after)]);
  const flat = m.reshape(index, [1, index.size]);
  const batch = sizeOf(before);
  const picked = gather(rows, m.broadcastTo(flat, [batch, index.size]));
  return m.reshape(picked, [...before, ...index.shape, ...after]);
}

/** Rows of a table by number: `[V, D]`, index `[…]` → `[…, D]`. */
export const embedding = (table: Tensor, index: Tensor): Tensor => take(table, index, 0);

/**
 * One element per position: `out[…, i, …] = x[…, index[…, i, …], …]` along `axis`. `index` has the rank of `x` and the same
 * sizes but for that axis.
 */
export function takeAlongAxis(x: Tensor, index: Tensor, axis: number): Tensor {
  requireIndex('takeAlongAxis', index);
  const t = computing('takeAlongAxis', x);
  const a = normalizeAxis('takeAlongAxis', axis, t.rank);
  if (index.rank !== t.rank || index.shape.some((d, i) => i !== a && d !== t.shape[i])) {
    throw new ShapeError({
      where: 'takeAlongAxis',
      expected: `an index like ${showShape(t.shape)} but for axis ${a}`,
      received: showShape(index.shape),
    });
  }
  const rows = moveAxis(t, a, -1);
  const moved = moveAxis(index, a, -1);
  const batch = sizeOf(rows.shape.slice(0, -1));
  const picked = gather(m.reshape(rows, [batch, t.shape[a], 1]), m.reshape(moved, [batch, index.shape[a]]));
  return moveAxis(m.reshape(picked, moved.shape), -1, a);
}

/**
 * Sums rows into a table of `size` rows: `out[index[j]] += updates[j]`; rows without updates are 0. Equal indices add up in
 * order, so results do not depend on threads.
 *
 * @param index - int32 `[M]` @param updates - `[M, …]` @returns `[size, …]`
 */
export function scatterAdd(index: Tensor, updates: Tensor, size: number): Tensor {
  requireIndex('scatterAdd', index);
  checkShape('scatterAdd', [size]);
  const u = computing('scatterAdd', updates);
  if (index.rank !== 1 || u.rank < 1 || u.shape[0] !== index.shape[0]) {
    throw new ShapeError({
      where: 'scatterAdd',
      expected: 'index [M] and updates [M, …]',
      received: `${showShape(index.shape)} and ${showShape(u.shape)}`,
    });
  }
  const rest = u.shape.slice(1);
  const flat = m.reshape(cast(u, 'float32'), [1, u.shape[0], sizeOf(rest)]);
  return m.reshape(scatter(m.reshape(index, [1, index.size]), flat, size), [size, ...rest]);
}

/** 1 at the index, 0 elsewhere: `[…]` int32 → `[…, depth]`. An index outside 0…depth-1 gives a row of zeros. */
export function oneHot(index: Tensor, depth: number, dtype: DType = 'float32'): Tensor {
  requireIndex('oneHot', index);
  checkShape('oneHot', [depth]);
  const shape = [...index.shape, depth];
  const column = m.broadcastTo(m.reshape(index, [...index.shape, 1]), shape);
  return cast(eq(column, m.broadcastTo(arange(depth), shape)), dtype);
}

/** The diagonal of axes `i < j`, as the last axis. */
export function diagonalOf(x: Tensor, i: number, j: number): Tensor {
  const moved = moveAxis(moveAxis(x, j, -1), i, -2);
  const [n, k] = moved.shape.slice(-2);
  const size = Math.min(n, k);
  const lead = moved.shape.slice(0, -2);
  const flat = m.reshape(moved, [sizeOf(lead), n * k]);
  const steps = m.slice(flat, { starts: [0, 0], sizes: [sizeOf(lead), size], steps: [1, k + 1] });
  return m.reshape(steps, [...lead, size]);
}

/** Lower triangle of the last two axes (up to diagonal `k`); the rest becomes 0. */
export function tril(x: Tensor, k = 0): Tensor {
  const t = computing('tril', x);
  if (t.rank < 2)
    throw new ShapeError({ where: 'tril', expected: 'at least two axes', received: showShape(x.shape) });
  return select(m.broadcastTo(triangle(t.shape.at(-2)!, t.shape.at(-1)!, k), t.shape), t, constantLike(t, 0));
}

/** `[n, m]` bool, true where `column ≤ row + k`. */
export function triangle(n: number, columns: number, k: number): Tensor {
  const shape = [n, columns];
  const row = m.broadcastTo(m.reshape(arange(n), [n, 1]), shape);
  return le(m.broadcastTo(arange(columns), shape), add(row, constantLike(row, k)));
}
