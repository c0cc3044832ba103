import { findNotFinite } from './find-not-finite.js';
import { type Assignment, linearAssignment } from '../linear-assignment.js';

/**
 * The best assignment for a similarity of units.
 *
 * @param similarity - `[size, size]`, row by row
 * @param start - prices of an assignment found before for the same group
 * @throws {RangeError} for a similarity that is not finite: some weight or activation is not, or their products overflow
 */
export function bestPairs(
  where: string,
  group: string,
  similarity: ArrayLike<number>,
  size: number,
  start?: Float64Array,
): Assignment {
  const bad = findNotFinite(similarity);
  if (bad >= 0) {
    throw new RangeError(
      `${where}: expected finite similarities in group ${JSON.stringify(group)}, received ${similarity[bad]} for units ${Math.floor(bad / size)} and ${bad % size}; look for NaN in the models`,
    );
  }
  return linearAssignment(similarity, size, size, { maximize: true, start });
}
