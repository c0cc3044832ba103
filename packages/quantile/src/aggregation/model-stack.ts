import type { Matrix, MatrixInput } from '../internal/matrix.js';
import { toMatrix } from '../internal/matrix.js';

/** Predictions of several models for the same rows and levels: one `[n, m]` matrix per model. */
export type ModelStack = readonly MatrixInput[];

/** Reads a stack and checks that all models have the same shape. */
export function readStack(where: string, stack: ModelStack, levels?: number): Matrix[] {
  if (!Array.isArray(stack))
    throw new TypeError(`${where}: models must be an array of matrices, got ${typeof stack}`);
  if (stack.length === 0) throw new RangeError(`${where}: models is empty, expected at least one`);
  const out = stack.map((model: MatrixInput, p) => toMatrix(where, `models[${p}]`, model));
  const [first] = out;
  out.forEach((model, p) => {
    if (model.rows !== first!.rows || model.columns !== first!.columns)
      throw new RangeError(
        `${where}: models[${p}] is [${model.rows}, ${model.columns}], expected [${first!.rows}, ${first!.columns}] as models[0]`,
      );
  });
  if (first!.rows === 0) throw new RangeError(`${where}: models have no rows, expected at least one`);
  if (levels !== undefined && first!.columns !== levels)
    throw new RangeError(
      `${where}: models have ${first!.columns} columns, expected one per level (${levels})`,
    );
  return out;
}
