import { DTypeError, ShapeError, TraceError } from '../errors.js';
import { floating } from '../ops/operands.js';
import { scoped } from '../tensor/scope.js';
import { type Shape, showShape, sizeOf } from '../tensor/shape.js';
import { fromHost, Tensor } from '../tensor/tensor.js';
import { LinAlgError } from './lin-alg-error.js';

/** A row-major float64 matrix: entry `(i, j)` is `data[i * columns + j]`. */
export interface HostMatrix {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** A stack of matrices of one shape, read from a tensor `[…batch, rows, columns]`. */
export interface HostStack {
  readonly batch: Shape;
  readonly rows: number;
  readonly columns: number;
  readonly items: readonly HostMatrix[];
}

/** Refuses what is not a tensor, or has no values yet. */
export function checkConcrete(where: string, x: Tensor): void {
  if (!(x instanceof Tensor)) {
    throw new DTypeError({ where, expected: 'a tensor', received: x === null ? 'null' : typeof x });
  }
  if (x.trace) {
    throw new TraceError({
      where,
      expected: 'a concrete tensor (it is computed in float64 on the CPU and has no derivative here)',
      received: `a traced one inside ${x.trace.name}`,
      cure: 'call it outside the transform and pass the result in; instead of vmap, pass the whole stack where stacks are taken; inside grad, stopGradient() makes a constant',
    });
  }
}

/** The values of a concrete tensor as float32; NaN and infinities are refused by position. */
export function readFinite(where: string, x: Tensor): Float32Array {
  checkConcrete(where, x);
  if (x.size === 0) {
    throw new ShapeError({
      where,
      expected: 'at least one element',
      received: `shape ${showShape(x.shape)}`,
    });
  }
  const values = scoped(
    () => floating(where, x).dataSync() as Float32Array,
    () => [],
  );
  let trace = 0; // 0 · v is NaN for what is not finite
  for (let i = 0; i < values.length; i++) trace += 0 * values[i];
  if (trace !== 0) {
    const bad = values.findIndex((v) => !Number.isFinite(v));
    throw new LinAlgError({
      where,
      expected: 'finite numbers',
      received: `${values[bad]} at position ${showShape(positionOf(bad, x.shape))}`,
    });
  }
  return values;
}

function positionOf(flat: number, shape: Shape): number[] {
  const position: number[] = [];
  let rest = flat;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    position.unshift(rest % shape[axis]);
    rest = Math.floor(rest / shape[axis]);
  }
  return position;
}

/** Reads `[…, m, n]` (or exactly `[m, n]`) into float64. */
export function readMatrices(
  where: string,
  x: Tensor,
  { square = false, single = false }: { square?: boolean; single?: boolean } = {},
): HostStack {
  checkConcrete(where, x);
  const [rows, columns] = x.shape.slice(-2);
  const fits = single ? x.rank === 2 : x.rank >= 2;
  if (!fits || (square && rows !== columns)) {
    const kind = square ? 'a square matrix [n, n]' : 'a matrix [m, n]';
    throw new ShapeError({
      where,
      expected: single ? kind : `${kind} or a stack of them on leading axes`,
      received: `shape ${showShape(x.shape)}`,
    });
  }
  const values = readFinite(where, x);
  const size = rows * columns;
  const items = Array.from({ length: values.length / size }, (_, b) => ({
    data: Float64Array.from(values.subarray(b * size, (b + 1) * size)),
    rows,
    columns,
  }));
  return { batch: x.shape.slice(0, -2), rows, columns, items };
}

/** How far `x[i][j]` and `x[j][i]` may differ, relative to the largest entry: more than what float32 products leave. */
const SYMMETRY_TOLERANCE = 1e-4;

/** Refuses a row-major `n × n` matrix that is not symmetric; `batch` is its place in a stack. */
export function checkSymmetric(
  where: string,
  x: ArrayLike<number>,
  n: number,
  batch: readonly number[] = [],
): void {
  let largest = 0;
  for (let p = 0; p < x.length; p++) largest = Math.max(largest, Math.abs(x[p]));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const [lower, upper] = [x[i * n + j], x[j * n + i]];
      if (Math.abs(lower - upper) <= SYMMETRY_TOLERANCE * largest) continue;
      throw new LinAlgError({
        where,
        expected: 'a symmetric matrix',
        received: `${lower} at ${showShape([...batch, i, j])} and ${upper} across the diagonal`,
        cure: 'average it with its transpose if that is meant',
      });
    }
  }
}

/** As {@link readMatrices} for symmetric matrices: small differences across the diagonal are averaged away. */
export function readSymmetric(where: string, x: Tensor): HostStack {
  const stack = readMatrices(where, x, { square: true });
  for (const [b, { data, rows: n }] of stack.items.entries()) {
    checkSymmetric(where, data, n, positionOf(b, stack.batch));
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) {
        data[i * n + j] = data[j * n + i] = (data[i * n + j] + data[j * n + i]) / 2;
      }
    }
  }
  return stack;
}

/** Joins float64 results into one float32 tensor; a number too large for float32 is refused. */
export function toTensor(where: string, parts: readonly ArrayLike<number>[], shape: Shape): Tensor {
  const out = new Float32Array(sizeOf(shape));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  const bad = out.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) {
    throw new LinAlgError({
      where,
      expected: 'results within float32',
      received: `one that is not at position ${showShape(positionOf(bad, shape))}`,
      cure: 'scale the input',
    });
  }
  return fromHost(out, shape, 'float32');
}
