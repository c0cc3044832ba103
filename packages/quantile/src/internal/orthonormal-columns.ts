/**
 * Orthonormal columns with the same span, by Gram–Schmidt applied twice against rounding.
 *
 * @param columns - `d` arrays of `[n]`, left unchanged
 * @returns the basis, or the index of the first column that the ones before it explain to within `1e-9` of its norm
 */
export function orthonormalColumns(columns: readonly Float64Array[]): {
  basis: Float64Array[];
  dependent: number;
} {
  const basis: Float64Array[] = [];
  for (const [j, column] of columns.entries()) {
    const rest = column.slice();
    for (const unit of [...basis, ...basis]) {
      let dot = 0;
      for (let i = 0; i < rest.length; i++) dot += unit[i]! * rest[i]!;
      for (let i = 0; i < rest.length; i++) rest[i]! -= dot * unit[i]!;
    }
    const norm = norm2(rest);
    if (!(norm > 1e-9 * norm2(column))) return { basis, dependent: j };
    basis.push(rest.map((value) => value / norm));
  }
  return { basis, dependent: -1 };
}

function norm2(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
