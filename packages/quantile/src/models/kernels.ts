/** A positive definite kernel between feature rows. */
export type KernelOptions =
  /** `exp(-γ ‖x - x'‖²)`; `γ` by default 1/d. */
  | { readonly type: 'gaussian'; readonly gamma?: number }
  /** `exp(-γ ‖x - x'‖₁)`; `γ` by default 1/d. */
  | { readonly type: 'laplacian'; readonly gamma?: number }
  /** `xᵀx'`. */
  | { readonly type: 'linear' }
  /** `(γ xᵀx' + offset)^degree`; by default 1/d, 1 and 3. */
  | {
      readonly type: 'polynomial';
      readonly gamma?: number;
      readonly offset?: number;
      readonly degree?: number;
    };

/** A kernel with all its settings. */
export interface ResolvedKernel {
  readonly type: KernelOptions['type'];
  readonly gamma: number;
  readonly offset: number;
  readonly degree: number;
}

/** Checks a kernel's settings and fills in the defaults for `d` features. */
export function resolveKernel(where: string, kernel: KernelOptions, d: number): ResolvedKernel {
  const {
    gamma = 1 / d,
    offset = 1,
    degree = 3,
  } = kernel as { gamma?: number; offset?: number; degree?: number };
  if (!['gaussian', 'laplacian', 'linear', 'polynomial'].includes(kernel.type))
    throw new TypeError(
      `${where}: kernel type is ${String(kernel.type)}, expected gaussian, laplacian, linear or polynomial`,
    );
  if (!(Number.isFinite(gamma) && gamma > 0))
    throw new RangeError(`${where}: gamma is ${gamma}, expected a number above 0`);
  if (!(Number.isFinite(offset) && offset >= 0))
    throw new RangeError(`${where}: offset is ${offset}, expected at least 0`);
  if (!(Number.isInteger(degree) && degree >= 1))
    throw new RangeError(`${where}: degree is ${degree}, expected a positive integer`);
  return { type: kernel.type, gamma, offset, degree };
}

/** `k(query, x_i)` for every row of `x`, `[n, d]` row-major, written into `out`. */
export function kernelRow(
  { type, gamma, offset, degree }: ResolvedKernel,
  x: Float64Array,
  query: Float64Array,
  out: Float64Array,
): void {
  const d = query.length;
  for (let i = 0, at = 0; i < out.length; i++) {
    let sum = 0;
    if (type === 'gaussian') for (let j = 0; j < d; j++) sum += (x[at++]! - query[j]!) ** 2;
    else if (type === 'laplacian') for (let j = 0; j < d; j++) sum += Math.abs(x[at++]! - query[j]!);
    else for (let j = 0; j < d; j++) sum += x[at++]! * query[j]!;
    if (type === 'linear') out[i] = sum;
    else out[i] = type === 'polynomial' ? (gamma * sum + offset) ** degree : Math.exp(-gamma * sum);
  }
}
