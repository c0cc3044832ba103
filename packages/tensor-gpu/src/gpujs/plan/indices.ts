import { ShapeError } from '../../errors.js';
import type { KernelStep, Operand } from '../../lower/program.js';
import { sizeOf } from '../../tensor/shape.js';
import type { HostArray } from '../../tensor/dtype.js';

/** Indices of a gather or scatter, how many rows there are to choose from, and what messages call the operation. */
export interface Indices {
  readonly index: Operand;
  readonly rows: number;
  readonly where: string;
}

export function indicesOf({ name, inputs, params }: KernelStep): Indices | null {
  if (name === 'gather') return { index: inputs[1], rows: inputs[0].layout.shape[1], where: 'take' };
  if (name === 'scatterAdd') return { index: inputs[0], rows: (params as { n: number }).n, where: name };
  return null;
}

/** What is thrown for an index out of range. */
export const indexError = ({ where, rows }: Indices, position?: number): ShapeError =>
  new ShapeError({
    where,
    expected: `indices from 0 to ${rows - 1}`,
    received: position === undefined ? 'another one' : `another one at position ${position}`,
  });

/** Kernels cannot refuse an index; it is checked here as the wasm core does. `values` is the array behind the indices. */
export function checkIndices(found: Indices, values: HostArray): void {
  const { offset, shape } = found.index.layout;
  const numbers = values.subarray(offset, offset + sizeOf(shape));
  const bad = numbers.findIndex((i) => i < 0 || i >= found.rows);
  if (bad >= 0) throw indexError(found, bad);
}
