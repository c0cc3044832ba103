/** What a {@link RecipeError} is made of. */
export interface RecipeErrorFields {
  /** File, line and column in the recipe, or what of it is at fault. */
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  readonly cure?: string;
}

const marker = Symbol.for('weightloom.merging.RecipeError');

/**
 * A recipe that is refused: its text, or what it asks of the models it names.
 *
 * The message reads `<where>: expected <expected>, received <received>; <cure>`, and `where` begins with file, line and
 * column when the text is at fault.
 */
export class RecipeError extends Error {
  readonly where: string;
  readonly expected: string;
  readonly received: string;

  constructor({ where, expected, received, cure }: RecipeErrorFields) {
    super(`${where}: expected ${expected}, received ${received}${cure ? `; ${cure}` : ''}`);
    this.name = 'RecipeError';
    this.where = where;
    this.expected = expected;
    this.received = received;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether `value` is a `RecipeError` of this or of another copy of the package. */
  static isInstance(value: unknown): value is RecipeError {
    return typeof value === 'object' && value !== null && marker in value;
  }
}
