import type { ErrorDetails } from '../errors.js';

const marker = Symbol.for('weightloom.tensor-gpu.LinAlgError');

/**
 * Numbers that a matrix algorithm cannot work on: NaN or infinity, a singular matrix, one that is not symmetric or not positive
 * definite, an iteration that does not converge, a result too large for float32.
 */
export class LinAlgError extends RangeError implements ErrorDetails {
  readonly [marker] = true;
  override readonly name = 'LinAlgError';
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  constructor({ where, expected, received, cure }: ErrorDetails) {
    super(`${where}: expected ${expected}, received ${received}${cure ? `; ${cure}` : ''}`);
    this.where = where;
    this.expected = expected;
    this.received = received;
  }
  /** True for any `LinAlgError`, also one of another copy of this package. */
  static isInstance(value: unknown): value is LinAlgError {
    return typeof value === 'object' && value !== null && marker in value;
  }
}
