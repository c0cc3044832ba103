/** The name of each fault; stable, so that programs can tell them apart. */
export type CheckpointErrorCode =
  // the header of a safetensors file
  | 'header-too-small'
  | 'header-too-large'
  | 'invalid-header-length'
  | 'invalid-header-utf8'
  | 'invalid-header-json'
  | 'duplicate-key'
  | 'nesting-too-deep'
  | 'too-many-values'
  | 'rank-too-large'
  | 'invalid-name'
  | 'invalid-metadata'
  | 'invalid-tensor-entry'
  | 'invalid-integer'
  | 'integer-overflow'
  | 'unknown-dtype'
  | 'misaligned-size'
  | 'invalid-offset'
  | 'size-mismatch'
  | 'incomplete-buffer'
  // JSON beside the weights: indexes, configurations
  | 'invalid-json'
  | 'invalid-index'
  | 'invalid-adapter'
  // folders and other places to read from
  | 'unsafe-file-name'
  | 'link-outside-folder'
  | 'missing-file'
  | 'missing-tensor'
  | 'duplicate-tensor'
  | 'ambiguous-folder'
  | 'unsupported-source'
  | 'unsupported-format'
  | 'http-error'
  | 'range-not-supported'
  | 'changed-while-reading'
  | 'short-read'
  | 'closed'
  // reading and converting tensors
  | 'unknown-tensor'
  | 'invalid-range'
  | 'too-large'
  | 'invalid-tensor'
  | 'unsupported-conversion'
  | 'lossy-conversion'
  | 'value-overflow'
  // writing
  | 'already-exists'
  | 'no-space'
  | 'invalid-shard-size'
  | 'incomplete-write';

/** What a {@link CheckpointError} is made of. */
export interface CheckpointErrorFields {
  readonly code: CheckpointErrorCode;
  /** The file, and the tensor in it where one is at fault. */
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  /** What to do about it, where there is something to do. */
  readonly cure?: string;
  readonly cause?: unknown;
}

const marker = Symbol.for('weightloom.checkpoint.CheckpointError');

/**
 * A file, folder, tensor or request that this package refuses.
 *
 * The message reads `<where>: expected <expected>, received <received>; <cure>`, and `code` names the fault. Use
 * {@link CheckpointError.isInstance} rather than `instanceof`: it also holds when two copies of the package are loaded.
 */
export class CheckpointError extends Error {
  readonly code: CheckpointErrorCode;
  readonly where: string;
  readonly expected: string;
  readonly received: string;

  constructor({ code, where, expected, received, cure, cause }: CheckpointErrorFields) {
    const message = `${where}: expected ${expected}, received ${received}${cure ? `; ${cure}` : ''}`;
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CheckpointError';
    this.code = code;
    this.where = where;
    this.expected = expected;
    this.received = received;
    Object.defineProperty(this, marker, { value: true });
  }

  /** Whether `value` is a `CheckpointError` of this or of another copy of the package. */
  static isInstance(value: unknown): value is CheckpointError {
    return typeof value === 'object' && value !== null && marker in value;
  }
}
