/** One pass over the data. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Steps done by its end. */
  readonly step: number;
  /** Mean of the losses of its steps. */
  readonly loss: number;
  /** The metrics on the validation data, where there is any. */
  readonly validation?: Readonly<Record<string, number>>;
}
