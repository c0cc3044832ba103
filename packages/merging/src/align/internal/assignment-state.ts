/** A problem under way: `n ≤ m` rows and columns, the column of each row and the row of each column (-1: none), column prices. */
export interface AssignmentState {
  readonly cost: Float64Array;
  readonly n: number;
  readonly m: number;
  readonly columnOf: Int32Array<ArrayBuffer>;
  readonly rowOf: Int32Array<ArrayBuffer>;
  /** The dual of a column; with more columns than rows `≤ 0`, and 0 for columns without a row. */
  readonly price: Float64Array<ArrayBuffer>;
}
