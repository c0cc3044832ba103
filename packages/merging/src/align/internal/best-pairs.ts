import { linearAssignment } from '../linear-assignment.js';

/**
 * The best assignment for a similarity of units.
 *
 * @param similarity - `[size, size]`, row by row
 * @throws {RangeError} for a similarity that is not finite: some weight or activation is not, or their products overflow
 */
export function bestPairs(
  where: string,
  group: string,
  similarity: ArrayLike<number>,
  size: number,
): { readonly columns: Int32Array<ArrayBuffer>; readonly total: number } {
  for (let k = 0; k < similarity.length; k++) {
    if (Number.isFinite(similarity[k])) continue;
    throw new RangeError(
      `${where}: expected finite similarities in group ${JSON.stringify(group)}, received ${similarity[k]} for units ${Math.floor(k / size)} and ${k % size}; look for NaN in the models`,
    );
  }
  return linearAssignment(similarity, size, size, { maximize: true });
}
