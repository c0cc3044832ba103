import { EigenvalueDecomposition, Matrix as DenseMatrix } from 'ml-matrix';

export interface PrincipalComponents {
  /** Component scores, one `[n]` per component, by falling variance. */
  readonly scores: readonly Float64Array[];
  /** Unit loadings on the variables, `[components][p]`. */
  readonly loadings: readonly (readonly number[])[];
  /** Means of the variables, `[p]`. */
  readonly means: readonly number[];
}

/**
 * Principal components of `p` variables by their covariance.
 *
 * @param keep - how many components, or the share of the variance that the fewest must keep
 */
export function principalComponents(
  variables: readonly Float64Array[],
  keep: { readonly count: number } | { readonly share: number },
): PrincipalComponents {
  const n = variables[0]!.length;
  const means = variables.map((variable) => variable.reduce((sum, value) => sum + value, 0) / n);
  const centred = variables.map((variable, j) => variable.map((value) => value - means[j]!));
  const covariance = centred.map((a) =>
    centred.map((b) => a.reduce((sum, value, i) => sum + value * b[i]!, 0) / n),
  );
  const eigen = new EigenvalueDecomposition(new DenseMatrix(covariance), { assumeSymmetric: true });
  // ml-matrix sorts eigenvalues of symmetric matrices from small to large.
  const falling = eigen.realEigenvalues.map((value, c) => ({ value: Math.max(0, value), c })).reverse();
  const total = falling.reduce((sum, { value }) => sum + value, 0);
  let count = 'count' in keep ? keep.count : 1;
  if ('share' in keep)
    for (let kept = falling[0]!.value; kept < keep.share * total && count < falling.length; count++)
      kept += falling[count]!.value;
  const loadings = falling.slice(0, count).map(({ c }) => signed(eigen.eigenvectorMatrix.getColumn(c)));
  const scores = loadings.map((loading) =>
    Float64Array.from({ length: n }, (_, i) =>
      loading.reduce((sum, value, j) => sum + value * centred[j]![i]!, 0),
    ),
  );
  return { scores, loadings, means };
}

/** Eigenvectors have no sign of their own: the largest entry is made positive. */
function signed(vector: number[]): number[] {
  const largest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return largest < 0 ? vector.map((value) => -value) : vector;
}
