const marker = Symbol.for('weightloom.nn.DivergedError');

/** A run whose loss became NaN or infinite; `step` (counted from 0) is the first where it did. */
export class DivergedError extends Error {
  readonly [marker] = true;
  override readonly name = 'DivergedError';
  readonly where: string;
  readonly expected = 'a finite loss';
  readonly received: string;
  readonly step: number;

  constructor(where: string, step: number, loss: number) {
    super(
      `${where}: expected a finite loss, received ${loss} at step ${step}; lower the learning rate or clip the gradients`,
    );
    this.where = where;
    this.received = String(loss);
    this.step = step;
  }

  /** True for any `DivergedError`, also one of another copy of this package. */
  static isInstance(value: unknown): value is DivergedError {
    return typeof value === 'object' && value !== null && marker in value;
  }
}
