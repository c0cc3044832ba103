import { LinAlgError } from './lin-alg-error.js';
import { dot, length } from './linear-operator.js';

/** A product that leaves less than this share of the operator's norm outside the space has left rounding only. */
const NOTHING = 1e-6;
/** How far from symmetric a product may be, relative to the operator's norm. */
const SYMMETRY_TOLERANCE = 1e-3;

/** `x / ‖x‖` in float32; zeros stay zeros. */
export function unit(x: ArrayLike<number>): Float32Array {
  const norm = length(x) || 1;
  return Float32Array.from(x, (value) => value / norm);
}

/** Takes the parts along an orthonormal basis out of `x`, in place and twice; gives the parts. */
function removeBasis(x: Float64Array, basis: readonly Float32Array[]): number[] {
  const parts = basis.map(() => 0);
  for (let pass = 0; pass < 2; pass++) {
    for (const [i, v] of basis.entries()) {
      const part = dot(v, x);
      parts[i] += part;
      for (let k = 0; k < x.length; k++) x[k] -= part * v[k];
    }
  }
  return parts;
}

/**
 * An orthonormal basis V of what repeated products reach from a random vector, and the tridiagonal matrix `T = Vᵀ A V`. Where the
 * space is exhausted it goes on from a new random vector.
 */
export class KrylovSpace {
  readonly basis: Float32Array[];
  readonly diagonal: number[] = [];
  readonly beside: number[] = [];
  /** Length of the part of the last product outside the space; 0 where that is nothing. */
  beta = 0;
  #rest: Float64Array = new Float64Array(0);
  #scale = 0;
  readonly #where: string;
  readonly #apply: (v: Float32Array) => Float64Array;
  readonly #draw: () => Float64Array;

  constructor(where: string, apply: (v: Float32Array) => Float64Array, draw: () => Float64Array) {
    this.#where = where;
    this.#apply = apply;
    this.#draw = draw;
    this.basis = [unit(draw())];
  }

  /** Computes one more product, and with it one more row of T. */
  extend(): void {
    const steps = this.diagonal.length;
    if (steps > 0) {
      this.beside.push(this.beta);
      if (this.beta === 0) removeBasis((this.#rest = this.#draw()), this.basis);
      this.basis.push(unit(this.#rest));
    }
    this.#rest = this.#apply(this.basis[steps]);
    const parts = removeBasis(this.#rest, this.basis);
    const beta = length(this.#rest);
    this.#scale = Math.max(this.#scale, beta, length(parts));
    this.#checkSymmetry(parts);
    this.diagonal.push(parts[steps]);
    const full = this.basis.length === this.#rest.length;
    this.beta = full || beta <= NOTHING * this.#scale ? 0 : beta;
  }

  /** The product of a symmetric operator has no part along older vectors, and a known one along the last but one. */
  #checkSymmetry(parts: readonly number[]): void {
    for (let i = 0; i < parts.length - 1; i++) {
      const expected = i === parts.length - 2 ? this.beside[i] : 0;
      if (Math.abs(parts[i] - expected) <= SYMMETRY_TOLERANCE * this.#scale) continue;
      throw new LinAlgError({
        where: this.#where,
        expected: 'a symmetric operator',
        received: `products with uᵀAv = ${parts[i]} and vᵀAu = ${expected}`,
      });
    }
  }
}
