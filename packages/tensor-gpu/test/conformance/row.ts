import type { Tensor } from '../../src/index.js';
import type { Input } from './inputs.js';
import type { Nd } from './reference/nd.js';

/**
 * One case of the conformance table: an operation on some inputs, and the same in plain float64 arrays.
 *
 * Results agree when `|got - want| ≤ tolerance · scale`, elementwise, where `scale` is the sum of the magnitudes of the terms
 * that make up an element (default: the magnitude of the element itself).
 */
export interface Row {
  /** The exported name. */
  readonly op: string;
  /** What is special about this case. */
  readonly title: string;
  readonly inputs: readonly Input[];
  readonly run: (...inputs: Tensor[]) => Tensor | readonly Tensor[];
  readonly reference: (...inputs: Nd[]) => Nd | readonly Nd[];
  readonly scale?: (...inputs: Nd[]) => Nd | readonly Nd[];
  /** Default: that of the backend. Whoever sets it says why. */
  readonly tolerance?: number;
  /** No derivative is compared: the case holds ties, jumps, or infinite values. */
  readonly rough?: true;
  /** Not compiled: the operation reads its inputs and refuses traced ones. */
  readonly concrete?: true;
  /** Not run batched: the operation refuses traced inputs, or takes none. */
  readonly unbatched?: true;
  /** Not run on inputs stored in 16 bits: they cannot hold the values, or the operation is internal and its callers convert. */
  readonly wide?: true;
  /** Inputs hold NaN or infinities, whose handling on GPUs belongs to the driver. */
  readonly special?: true;
}

export const arrayOf = <T>(x: T | readonly T[]): readonly T[] =>
  Array.isArray(x) ? (x as readonly T[]) : [x as T];

/** A row in one line. */
export const row = (
  op: string,
  title: string,
  inputs: readonly Input[],
  run: Row['run'],
  reference: Row['reference'],
  more: Omit<Partial<Row>, 'op' | 'title' | 'inputs' | 'run' | 'reference'> = {},
): Row => ({ op, title, inputs, run, reference, ...more });
