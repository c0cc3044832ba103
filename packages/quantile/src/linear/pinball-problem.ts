/**
 * The linear program behind every linear method here, `min_b Σ_i up_i (y_i - z_iᵀb)₊ + down_i (z_iᵀb - y_i)₊`.
 *
 * A level `τ` with row weight `w` is `up = τw`, `down = (1 - τ)w`; an L1 penalty on a coefficient is one more row with
 * `y = 0` and `up = down`; a censored or constrained row is a row with one side free or very dear.
 */
export interface PinballProblem {
  /** Rows, row-major `[n, d]`. */
  readonly z: Float64Array;
  readonly d: number;
  readonly y: Float64Array;
  /** Cost of one unit of positive residual, `[n]`, ≥ 0. */
  readonly up: Float64Array;
  /** Cost of one unit of negative residual, `[n]`, ≥ 0; `up + down > 0`. */
  readonly down: Float64Array;
}

/** A vertex of the program: `d` rows fitted exactly, every other row on a decided side. */
export interface Vertex {
  readonly coefficients: Float64Array;
  /** The rows fitted exactly, `[d]`. */
  readonly basis: Int32Array;
  /** `+1` above the plane, `-1` below, `0` in the basis, `[n]`. */
  readonly side: Int8Array;
}

/** `y - Z b`. */
export function residuals(
  { z, d, y }: Pick<PinballProblem, 'z' | 'd' | 'y'>,
  b: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array(y.length);
  for (let i = 0, at = 0; i < out.length; i++) {
    let fit = 0;
    for (let j = 0; j < d; j++) fit += z[at++]! * b[j]!;
    out[i] = y[i]! - fit;
  }
  return out;
}

/** `Σ_i up_i (r_i)₊ + down_i (r_i)₋`. */
export function pinballCost({ up, down }: Pick<PinballProblem, 'up' | 'down'>, r: Float64Array): number {
  let cost = 0;
  for (let i = 0; i < r.length; i++) cost += r[i]! > 0 ? up[i]! * r[i]! : -down[i]! * r[i]!;
  return cost;
}
