import leven from 'leven';

/** `did you mean "…"?` for a name close to one that exists; `undefined` when none is close. */
export function suggestClose(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: leven(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  const isClose = best !== undefined && best.distance <= Math.max(1, Math.floor(name.length / 3));
  return isClose ? `did you mean "${best.candidate}"?` : undefined;
}

/** As {@link suggestClose}; otherwise what there is. */
export const suggest = (name: string, known: readonly string[]): string =>
  suggestClose(name, known) ?? `there are ${known.join(', ')}`;
