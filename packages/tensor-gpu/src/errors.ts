/** What every error of this package says: where it happened, what was expected, what came, and the cure if there is one. */
export interface ErrorDetails {
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  readonly cure?: string;
}

const sentence = ({ where, expected, received, cure }: ErrorDetails): string =>
  `${where}: expected ${expected}, received ${received}${cure ? `; ${cure}` : ''}`;

const hasMarker = (value: unknown, marker: symbol): boolean =>
  typeof value === 'object' && value !== null && marker in value;

const shapeMarker = Symbol.for('weightloom.tensor-gpu.ShapeError');
const dtypeMarker = Symbol.for('weightloom.tensor-gpu.DTypeError');
const traceMarker = Symbol.for('weightloom.tensor-gpu.TraceError');
const disposedMarker = Symbol.for('weightloom.tensor-gpu.DisposedError');
const backendMarker = Symbol.for('weightloom.tensor-gpu.BackendError');
const memoryMarker = Symbol.for('weightloom.tensor-gpu.OutOfMemoryError');

/** Shapes, axes or indices that do not fit together. */
export class ShapeError extends RangeError implements ErrorDetails {
  readonly [shapeMarker] = true;
  override readonly name = 'ShapeError';
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  constructor(details: ErrorDetails) {
    super(sentence(details));
    ({ where: this.where, expected: this.expected, received: this.received } = details);
  }
  /** True for any `ShapeError`, also one of another copy of this package. */
  static isInstance(value: unknown): value is ShapeError {
    return hasMarker(value, shapeMarker);
  }
}

/** A dtype an operation does not take, or a value of the wrong kind. */
export class DTypeError extends TypeError implements ErrorDetails {
  readonly [dtypeMarker] = true;
  override readonly name = 'DTypeError';
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  constructor(details: ErrorDetails) {
    super(sentence(details));
    ({ where: this.where, expected: this.expected, received: this.received } = details);
  }
  /** True for any `DTypeError`, also one of another copy of this package. */
  static isInstance(value: unknown): value is DTypeError {
    return hasMarker(value, dtypeMarker);
  }
}

/** A transform used in a way it cannot follow: host reads inside `jit`, a tensor that escaped its transform, a non-scalar loss. */
export class TraceError extends Error implements ErrorDetails {
  readonly [traceMarker] = true;
  override readonly name = 'TraceError';
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  constructor(details: ErrorDetails) {
    super(sentence(details));
    ({ where: this.where, expected: this.expected, received: this.received } = details);
  }
  /** True for any `TraceError`, also one of another copy of this package. */
  static isInstance(value: unknown): value is TraceError {
    return hasMarker(value, traceMarker);
  }
}

/** A tensor used after `dispose()`, after its `tidy` scope, or after it was donated to a compiled function. */
export class DisposedError extends Error implements ErrorDetails {
  readonly [disposedMarker] = true;
  override readonly name = 'DisposedError';
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  constructor(details: ErrorDetails) {
    super(sentence(details));
    ({ where: this.where, expected: this.expected, received: this.received } = details);
  }
  /** True for any `DisposedError`, also one of another copy of this package. */
  static isInstance(value: unknown): value is DisposedError {
    return hasMarker(value, disposedMarker);
  }
}

/** A backend that is not there, cannot do what was asked, or does not own the tensor it was given. */
export class BackendError extends Error implements ErrorDetails {
  readonly [backendMarker] = true;
  override readonly name = 'BackendError';
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  constructor(details: ErrorDetails) {
    super(sentence(details));
    ({ where: this.where, expected: this.expected, received: this.received } = details);
  }
  /** True for any `BackendError`, also one of another copy of this package. */
  static isInstance(value: unknown): value is BackendError {
    return hasMarker(value, backendMarker);
  }
}

/** More memory asked for than the backend can give; the message says how much was asked for and what was available. */
export class OutOfMemoryError extends RangeError implements ErrorDetails {
  readonly [memoryMarker] = true;
  override readonly name = 'OutOfMemoryError';
  readonly where: string;
  readonly expected: string;
  readonly received: string;
  constructor(details: ErrorDetails) {
    super(sentence(details));
    ({ where: this.where, expected: this.expected, received: this.received } = details);
  }
  /** True for any `OutOfMemoryError`, also one of another copy of this package. */
  static isInstance(value: unknown): value is OutOfMemoryError {
    return hasMarker(value, memoryMarker);
  }
}
