import type { ChunkedProgram } from './chunked-method.js';
import { type Core, coreOf } from './internal/core.js';

/** `left · right`, both row-major. */
export interface FactorPair {
  /** `[rows, rank]`. */
  readonly left: Float32Array;
  /** `[rank, columns]`. */
  readonly right: Float32Array;
  readonly rank: number;
  readonly columns: number;
}

/** Up to this rank, a product of the tensor core is one sum per element, as it is here. */
const MOST_RANK = 512;
/** Rows and columns that are worked on together. */
const [ROWS, COLUMNS] = [4, 8];

/**
 * Adds `left · right` to a stored weight `[rows, columns]`: an `emitStored` for a program whose `emit` does the same, with as many
 * bytes of `workspace` as {@link productWorkspace} says.
 *
 * Each element is one float32 sum in the order of the rank, added to the weight in float32 and rounded once. Works on F32, F16 and
 * BF16 in the memory of the engine, and leaves the rest to `emit`: ranks above 512, fewer than 8 columns, other memory.
 */
export function productAdder({ left, right, rank, columns }: FactorPair): ChunkedProgram['emitStored'] {
  if (rank < 1 || rank > MOST_RANK || columns < COLUMNS) return undefined;
  let packed: Float32Array | undefined;
  return ({ begin, end, dtype, input, workspace }, out) => {
    const core = coreOf([input, workspace, out]);
    const add = core && kernelOf(core, dtype);
    if (!add) return false;
    packed ??= columnPanels(right, rank, columns);
    const [first, rows] = [begin / columns, (end - begin) / columns];
    const room = new Float32Array(workspace.buffer, workspace.byteOffset, workspace.length / 4);
    room.set(packed);
    rowPanels(left, rank, first, rows, room.subarray(packed.length));
    const [b, a] = [workspace.byteOffset, workspace.byteOffset + packed.byteLength];
    return add(rows, columns, rank, a, b, input.byteOffset, out.byteOffset) === 0;
  };
}

/** Bytes of workspace that {@link productAdder} needs for a weight `[rows, columns]`. */
export const productWorkspace = (rows: number, columns: number, rank: number): number =>
  4 * rank * (Math.ceil(columns / COLUMNS) * COLUMNS + Math.ceil(rows / ROWS) * ROWS);

function kernelOf(core: Core, dtype: string) {
  if (dtype === 'F32') return core.addProductF32;
  if (dtype === 'F16') return core.addProductF16;
  return dtype === 'BF16' ? core.addProductBf16 : undefined;
}

/** `[rank, columns]` as panels `[rank][8]`; the last one holds the last 8 columns. */
function columnPanels(values: Float32Array, rank: number, columns: number): Float32Array {
  const count = Math.ceil(columns / COLUMNS);
  const out = new Float32Array(count * rank * COLUMNS);
  for (let p = 0, at = 0; p < count; p++) {
    const from = Math.min(p * COLUMNS, columns - COLUMNS);
    for (let k = 0; k < rank; k++, at += COLUMNS) {
      const start = k * columns + from;
      for (let j = 0; j < COLUMNS; j++) out[at + j] = values[start + j]!;
    }
  }
  return out;
}

/** Some rows of `[…, rank]` as panels `[rank][4]`; in place of rows that the last one lacks stands the last row. */
function rowPanels(values: Float32Array, rank: number, first: number, rows: number, out: Float32Array): void {
  for (let begin = 0, at = 0; begin < rows; begin += ROWS) {
    for (let k = 0; k < rank; k++) {
      for (let i = 0; i < ROWS; i++, at++) {
        out[at] = values[(first + Math.min(begin + i, rows - 1)) * rank + k]!;
      }
    }
  }
}
