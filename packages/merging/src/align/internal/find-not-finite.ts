/** The place of the first number that is not finite, or -1; one quick sum where all are. */
export function findNotFinite(values: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k]!;
  if (Number.isFinite(sum)) return -1;
  for (let k = 0; k < values.length; k++) if (!Number.isFinite(values[k])) return k;
  return -1;
}
