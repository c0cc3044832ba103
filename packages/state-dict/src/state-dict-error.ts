/** What a {@link StateDictError} is made of. */
export interface StateDictErrorFields {
  /** The function, and the input and tensor at fault. */
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  readonly cure?: string;
}

const marker = Symbol.for('weightloom.state-dict.StateDictError');

/**
 * State dicts that do not fit together, or that hold what they must not: a missing tensor, NaN.
 *
 * Shapes that differ are a `ShapeError`, dtypes a `DTypeError` of `@weightloom/tensor-gpu`. The message reads
 * `<where>: expected <expected>, received <received>; <cure>`.
 */
export class StateDictError extends Error {
  readonly where: string;
  readonly expected: string;
  readonly received: string;

  constructor({ where, expected, received, cure }: StateDictErrorFields) {
    super(`${where}: expected ${expected}, received ${received}${cure ? `; ${cure}` : ''}`);
    this.name = 'StateDictError';
    this.where = where;
    this.expected = expected;
    this.received = received;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether `value` is a `StateDictError` of this or of another copy of the package. */
  static isInstance(value: unknown): value is StateDictError {
    return typeof value === 'object' && value !== null && marker in value;
  }
}
