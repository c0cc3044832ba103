import { backendReport, matmul, tensor, tidy } from '@weightloom/tensor-gpu';

/** A matrix in row-major order. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** `rows · columns` numbers. */
  readonly values: Float32Array;
}

/** Backends that give results at once. */
const AT_ONCE: ReadonlySet<string> = new Set(['wasm', 'gpujs-wasm', 'gpujs-cpu']);

/**
 * `a · b`, at once.
 *
 * On backends that answer later (`webgpu`, `webgl2`) it is computed here, in JavaScript: streams of weights are worked on in
 * synchronous steps.
 */
export function multiply(a: Matrix, b: Matrix): Matrix {
  const [rows, columns] = [a.rows, b.columns];
  if (!AT_ONCE.has(backendReport().name)) return multiplyHere(a, b);
  using product = tidy(() =>
    matmul(tensor(a.values, [rows, a.columns]), tensor(b.values, [b.rows, columns])),
  );
  return { rows, columns, values: product.dataSync() as Float32Array };
}

/** The same in JavaScript, row by row. */
export function multiplyHere(a: Matrix, b: Matrix): Matrix {
  const [rows, columns] = [a.rows, b.columns];
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const out = values.subarray(i * columns, (i + 1) * columns);
    for (let k = 0; k < b.rows; k++) {
      const factor = a.values[i * a.columns + k]!;
      const row = k * columns;
      for (let j = 0; j < columns; j++) out[j]! += factor * b.values[row + j]!;
    }
  }
  return { rows, columns, values };
}

export const matrix = (values: Float32Array, rows: number, columns: number): Matrix => ({
  rows,
  columns,
  values,
});

/** Rows `begin` to `end` (exclusive), without a copy. */
export const rowsOf = ({ columns, values }: Matrix, begin: number, end: number): Matrix => ({
  rows: end - begin,
  columns,
  values: values.subarray(begin * columns, end * columns),
});

export function transpose({ rows, columns, values }: Matrix): Matrix {
  const out = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j]!;
  }
  return { rows: columns, columns: rows, values: out };
}

/** Square root of the sum of squares, in float64. */
export function frobenius(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

/** `a - b`, element by element. */
export function difference(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i]! - b[i]!;
  return out;
}

/** `‖a - b‖`, in float64. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const d = a[i]! - b[i]!;
    sum += d * d;
  }
  return Math.sqrt(sum);
}
