import { CholeskyDecomposition, Matrix } from 'ml-matrix';

/** Where units of `a` begin and where units of `b` begin, on each axis of a weight; merged units come first. */
export interface Blocks {
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
}

export interface SolveOptions {
  readonly columns: number;
  readonly outputs: number;
  /** Whether the last unknown is the bias. */
  readonly hasBias: boolean;
  /** As a part of the mean of the diagonal. */
  readonly ridge: number;
}

/**
 * Ridge regression where units of one parent do not read units of the other: three systems, for merged rows with all columns, and for
 * the rows of each parent without the columns of the other. The bias is not held back by the ridge.
 *
 * @param gram - `XᵀX`, `[d, d]` @param target - `XᵀY`, `[d, outputs]`
 */
export function solveBlocks(
  gram: Float64Array,
  target: Float64Array,
  { rows, columns: split }: Blocks,
  { columns, outputs, hasBias, ridge }: SolveOptions,
): { readonly weight: Float32Array<ArrayBuffer>; readonly bias: Float32Array<ArrayBuffer> } {
  const d = columns + (hasBias ? 1 : 0);
  const weight = new Float32Array(outputs * columns);
  const bias = new Float32Array(outputs);
  let trace = 0;
  for (let i = 0; i < columns; i++) trace += gram[i * d + i]!;
  const extra = Math.max((ridge * trace) / columns, Number.MIN_VALUE);
  const systems = [
    { from: 0, to: rows[0], reads: () => true },
    { from: rows[0], to: rows[1], reads: (j: number) => j < split[1] },
    { from: rows[1], to: outputs, reads: (j: number) => j < split[0] || j >= split[1] },
  ];
  for (const { from, to, reads } of systems) {
    if (to <= from) continue;
    const unknowns = Array.from({ length: d }, (_, j) => j).filter((j) => j >= columns || reads(j));
    const left = new Matrix(unknowns.length, unknowns.length);
    const right = new Matrix(unknowns.length, to - from);
    unknowns.forEach((j, r) => {
      unknowns.forEach((k, c) => left.set(r, c, gram[j * d + k]! + (j === k && j < columns ? extra : 0)));
      for (let o = from; o < to; o++) right.set(r, o - from, target[j * outputs + o]!);
    });
    const solution = new CholeskyDecomposition(left).solve(right);
    unknowns.forEach((j, r) => {
      for (let o = from; o < to; o++) {
        if (j < columns) weight[o * columns + j] = solution.get(r, o - from);
        else bias[o] = solution.get(r, o - from);
      }
    });
  }
  return { weight, bias };
}
