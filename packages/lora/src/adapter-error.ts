/** What an {@link AdapterError} is made of. */
export interface AdapterErrorFields {
  /** The function or file, and the module or key at fault. */
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  /** What to do about it, where there is something to do. */
  readonly cure?: string;
  readonly cause?: unknown;
}

const marker = Symbol.for('weightloom.lora.AdapterError');

/**
 * An adapter, configuration or combination that this package refuses.
 *
 * The message reads `<where>: expected <expected>, received <received>; <cure>`. Numbers out of range are a `RangeError`,
 * faults of the safetensors file itself a `CheckpointError`. Use {@link AdapterError.isInstance} rather than `instanceof`: it
 * also holds when two copies of the package are loaded.
 */
export class AdapterError extends Error {
  readonly where: string;
  readonly expected: string;
  readonly received: string;

  constructor({ where, expected, received, cure, cause }: AdapterErrorFields) {
    const message = `${where}: expected ${expected}, received ${received}${cure ? `; ${cure}` : ''}`;
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'AdapterError';
    this.where = where;
    this.expected = expected;
    this.received = received;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether `value` is an `AdapterError` of this or of another copy of the package. */
  static isInstance(value: unknown): value is AdapterError {
    return typeof value === 'object' && value !== null && marker in value;
  }
}
