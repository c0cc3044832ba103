import { ShapeError } from '../errors.js';
import { cast } from '../primitives/elementwise.js';
import { bind } from '../primitives/primitive.js';
import { argsortPrimitive } from '../primitives/reduce.js';
import { normalizeAxis } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { add, mul, sub } from './arithmetic.js';
import { takeAlongAxis } from './indexing.js';
import { computing } from './operands.js';
import { moveAxis, reshape, slice, stack } from './shaping.js';

export interface SortOptions {
  /** Default: the last axis. */
  readonly axis?: number;
  readonly descending?: boolean;
}

/** Positions that sort an axis, int32; equal elements keep their order, NaN comes last. */
export function argsort(x: Tensor, { axis = -1, descending = false }: SortOptions = {}): Tensor {
  const t = computing('argsort', x);
  const a = normalizeAxis('argsort', axis, t.rank);
  const keys = moveAxis(t.dtype === 'bool' ? cast(t, 'int32') : t, a, -1);
  return moveAxis(bind(argsortPrimitive, [keys], { descending }), -1, a);
}

/** Sorted along an axis; NaN last. Gradients go back to where the elements came from. */
export function sort(x: Tensor, options: SortOptions = {}): Tensor {
  return takeAlongAxis(x, argsort(x, options), options.axis ?? -1);
}

/** The `k` largest elements of an axis in descending order, and their positions; NaN counts as smallest. */
export function topK(x: Tensor, k: number, axis = -1): { values: Tensor; indices: Tensor } {
  const a = normalizeAxis('topK', axis, x.rank);
  if (!Number.isInteger(k) || k < 0 || k > x.shape[a]) {
    throw new ShapeError({ where: 'topK', expected: `k from 0 to ${x.shape[a]}`, received: String(k) });
  }
  const order = argsort(x, { axis: a, descending: true });
  const stop = x.shape.map((d, i) => (i === a ? k : d));
  const indices = slice(
    order,
    x.shape.map(() => 0),
    stop,
  );
  return { values: takeAlongAxis(x, indices, a), indices };
}

/**
 * Quantile(s) by linear interpolation between order statistics (NumPy's default, Hyndman and Fan's type 7). A list of levels
 * gives a leading axis.
 *
 * @param level - from 0 to 1
 */
export function quantile(x: Tensor, level: number | readonly number[], axis?: number): Tensor {
  const t = axis === undefined ? reshape(x, [x.size]) : moveAxis(x, axis, -1);
  const n = t.shape.at(-1)!;
  const levels = typeof level === 'number' ? [level] : level;
  for (const q of levels) {
    if (!(q >= 0 && q <= 1))
      throw new ShapeError({ where: 'quantile', expected: 'levels from 0 to 1', received: String(q) });
  }
  if (n === 0)
    throw new ShapeError({ where: 'quantile', expected: 'at least one element', received: 'none' });
  const sorted = sort(t);
  const at = (i: number): Tensor => {
    const start = t.shape.map((_, k) => (k === t.rank - 1 ? i : 0));
    const stop = t.shape.map((d, k) => (k === t.rank - 1 ? i + 1 : d));
    return reshape(slice(sorted, start, stop), t.shape.slice(0, -1));
  };
  const values = levels.map((q) => {
    const place = q * (n - 1);
    const low = Math.floor(place);
    const below = at(low);
    return place === low ? below : add(below, mul(sub(at(low + 1), below), place - low));
  });
  return typeof level === 'number' ? values[0] : stack(values);
}

/** The middle value; the mean of the two middle ones for an even count. */
export const median = (x: Tensor, axis?: number): Tensor => quantile(x, 0.5, axis);
