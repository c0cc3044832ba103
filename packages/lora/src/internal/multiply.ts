import {
  backendReport,
  div,
  jit,
  matmul,
  square,
  sub,
  sum,
  tensor,
  type Tensor,
  tidy,
} from '@weightloom/tensor-gpu';

/** A matrix in row-major order. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** `rows · columns` numbers. */
  readonly values: Float32Array;
}

export const asTensor = ({ rows, columns, values }: Matrix): Tensor => tensor(values, [rows, columns]);

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
  using product = tidy(() => matmul(asTensor(a), asTensor(b)));
  return { rows, columns, values: product.dataSync() as Float32Array };
}

/** The same in JavaScript, row by row. */
export function multiplyHere(a: Matrix, b: Matrix): Matrix {
  const [rows, columns] = [a.rows, b.columns];
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const out = values.subarray(i * columns, (i + 1) * columns);
    // Every product is rounded before it is added, as in the tensor core.
    for (let k = 0; k < b.rows; k++) {
      const factor = a.values[i * a.columns + k]!;
      const row = k * columns;
      for (let j = 0; j < columns; j++) out[j]! += Math.fround(factor * b.values[row + j]!);
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
export const frobenius = (values: ArrayLike<number>): number => Math.sqrt(sumOfSquares(values));

/** In float64, and in four sums, as one would wait for every addition before the next. */
export function sumOfSquares(values: ArrayLike<number>): number {
  const n = values.length;
  const whole = n & ~3;
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    const [a, b, c, d] = [values[i]!, values[i + 1]!, values[i + 2]!, values[i + 3]!];
    s0 += a * a;
    s1 += b * b;
    s2 += c * c;
    s3 += d * d;
  }
  for (let i = whole; i < n; i++) s0 += values[i]! * values[i]!;
  return s0 + s1 + (s2 + s3);
}

/** `‖x - b · a‖ / norm`, in the tensor core, where no product as large as `x` has to leave it. */
export async function relativeResidual(x: Tensor, b: Matrix, a: Matrix, norm: number): Promise<number> {
  using squares = tidy(() => residualSquares(x, asTensor(b), asTensor(a), norm));
  return Math.sqrt((await squares.data())[0]!);
}

let compiled: ((x: Tensor, b: Tensor, a: Tensor, norm: number) => Tensor) | undefined;

function residualSquares(x: Tensor, b: Tensor, a: Tensor, norm: number): Tensor {
  compiled ??= jit(
    (whole: Tensor, left: Tensor, right: Tensor, size: number) =>
      sum(square(div(sub(whole, matmul(left, right)), size))),
    { name: 'relativeResidual' },
  );
  return compiled(x, b, a, norm);
}

/** `a - b`, element by element. */
export function difference(a: Float32Array, b: Float32Array): Float32Array {
  const out = new Float32Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i]! - b[i]!;
  return out;
}
