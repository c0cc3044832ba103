import { type Block, type ChunkedProgram, productAdder } from '@weightloom/state-dict';
import { type Matrix, multiply, rowsOf } from './multiply.js';

/** Rows of an update, made as they are needed: row `i` is what changes in row `i` of the base's weight (its first axis). */
export interface DeltaRows {
  /** Values of one row. */
  readonly columns: number;
  /** Rows `begin` to `end` (exclusive). */
  read(begin: number, end: number): Float32Array;
}

/** How one weight of the base is changed; applied row by row, in the order of a file. */
export type WeightEdit = ((columns: number) => ChunkedProgram) & {
  /** Set where the change is a product of this rank and nothing else. */
  readonly rank?: number;
};

/** `W + factor · left · right`; from stored values to stored values where the engine can. */
export function addProduct(left: Matrix, right: Matrix, factor: number): WeightEdit {
  const edit = (columns: number): ChunkedProgram => {
    const scaled = scaledBy(right, factor);
    const factors = { left: left.values, right: scaled.values, rank: scaled.rows, columns };
    return { ...addDelta(productRows(left, scaled))(columns), emitStored: productAdder(factors) };
  };
  return Object.assign(edit, { rank: right.rows });
}

export const scaledBy = (m: Matrix, factor: number): Matrix => ({
  ...m,
  values: m.values.map((value) => value * factor),
});

/** `left · right`, made row by row. */
export const productRows = (left: Matrix, right: Matrix): DeltaRows => ({
  columns: right.columns,
  read: (begin, end) => multiply(rowsOf(left, begin, end), right).values,
});

/** Values of the update that are made at once: 4 MiB. */
const TILE = 2 ** 20;

/** Gives single rows of an update, making them in tiles that depend on its shape only. */
function tiled({ columns, read }: DeltaRows, rows: number): (row: number) => Float32Array {
  const perTile = Math.max(1, Math.floor(TILE / columns));
  let [begin, end] = [0, 0];
  let values: Float32Array = new Float32Array(0);
  return (row) => {
    if (row < begin || row >= end) {
      begin = row - (row % perTile);
      end = Math.min(rows, begin + perTile);
      values = read(begin, end);
    }
    return values.subarray((row - begin) * columns, (row - begin + 1) * columns);
  };
}

/** Calls `visit` for each row of a block with where it starts in the block. */
function eachRow({ begin, length }: Block, columns: number, visit: (row: number, at: number) => void): void {
  for (let at = 0; at < length; at += columns) visit((begin + at) / columns, at);
}

const rowsIn = ({ tensor }: Block, columns: number): number => tensor.size / columns;

/** `W + ΔW`. */
export function addDelta(delta: DeltaRows): WeightEdit {
  return (columns) => {
    let rows: ((row: number) => Float32Array) | undefined;
    return {
      emit(block, out) {
        rows ??= tiled(delta, rowsIn(block, columns));
        const [w] = block.inputs as [Float32Array];
        eachRow(block, columns, (row, at) => {
          const own = rows!(row);
          for (let j = 0; j < columns; j++) out[at + j] = w[at + j]! + own[j]!;
        });
      },
    };
  };
}

/**
 * DoRA: `m / ‖W + ΔW‖ · (W + ΔW)`, the norm over all inputs of an output.
 *
 * @param axis - where the outputs are in the base's weight: one per row, or one per column
 */
export function decompose(delta: DeltaRows, magnitude: Float32Array, axis: 'row' | 'column'): WeightEdit {
  return (columns) => {
    const squares = new Float64Array(magnitude.length);
    const outputOf = (row: number, j: number): number => (axis === 'row' ? row : j);
    const sums = (
      block: Block,
      rows: (row: number) => Float32Array,
      visit: (i: number, sum: number, output: number) => void,
    ) => {
      const [w] = block.inputs as [Float32Array];
      eachRow(block, columns, (row, at) => {
        const own = rows(row);
        for (let j = 0; j < columns; j++) visit(at + j, Math.fround(w[at + j]! + own[j]!), outputOf(row, j));
      });
    };
    let [first, second]: (((row: number) => Float32Array) | undefined)[] = [];
    return {
      passes: [
        {
          reduce(block) {
            first ??= tiled(delta, rowsIn(block, columns));
            sums(block, first, (_, sum, output) => (squares[output]! += sum * sum));
          },
        },
      ],
      emit(block, out) {
        second ??= tiled(delta, rowsIn(block, columns));
        sums(
          block,
          second,
          (i, sum, output) => (out[i] = (magnitude[output]! / Math.sqrt(squares[output]!)) * sum),
        );
      },
    };
  };
}

/** `W` times one factor per row or per column; the factor of column `j` is `factors[⌊j / width⌋]`. */
export function scale(factors: Float32Array, axis: 'row' | 'column'): WeightEdit {
  return (columns) => {
    const width = columns / factors.length;
    return {
      emit(block, out) {
        const [w] = block.inputs as [Float32Array];
        eachRow(block, columns, (row, at) => {
          for (let j = 0; j < columns; j++) {
            out[at + j] = w[at + j]! * factors[axis === 'row' ? row : Math.floor(j / width)]!;
          }
        });
      },
    };
  };
}

/** Bat: `W_ij + W_ij b_i + b_i` over blocks of `r × r`, `blocks[i]` being `b_i`, or its inverse `(W_ij - b_i)(I + b_i)⁻¹`. */
export function blockAffine(
  blocks: readonly { readonly factor: Matrix; readonly offset: Matrix }[],
): WeightEdit {
  return (columns) => ({
    emit(block, out) {
      const [w] = block.inputs as [Float32Array];
      eachRow(block, columns, (row, at) => {
        const r = blocks[0]!.factor.rows;
        const { factor, offset } = blocks[Math.floor(row / r)]!;
        const shift = offset.values.subarray((row % r) * r, ((row % r) + 1) * r);
        for (let start = 0; start < columns; start += r) {
          for (let j = 0; j < r; j++) {
            let sum = shift[j]!;
            for (let k = 0; k < r; k++) sum += w[at + start + k]! * factor.values[k * r + j]!;
            out[at + start + j] = sum;
          }
        }
      });
    },
  });
}

/** Puts rows in the place of others. */
export function replaceRows(indices: readonly number[], values: Float32Array): WeightEdit {
  return (columns) => {
    const place = new Map(indices.map((row, i) => [row, i]));
    return {
      emit(block, out) {
        const [w] = block.inputs as [Float32Array];
        eachRow(block, columns, (row, at) => {
          const i = place.get(row);
          out.set(
            i === undefined ? w.subarray(at, at + columns) : values.subarray(i * columns, (i + 1) * columns),
            at,
          );
        });
      },
    };
  };
}

/** Leaves every value as it is; for replacements that are stored in another dtype. */
export const keep: WeightEdit = () => ({ emit: ({ inputs }, out) => out.set(inputs[0]!) });
