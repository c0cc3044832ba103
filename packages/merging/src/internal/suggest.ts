import leven from 'leven';

/** `did you mean "…"?` for a name close to one that exists; otherwise what there is. */
export function suggest(name: string, known: readonly string[]): string {
  const ranked = known
    .map((candidate) => ({ candidate, distance: leven(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  const isClose = best !== undefined && best.distance <= Math.max(1, Math.floor(name.length / 3));
  return isClose ? `did you mean "${best.candidate}"?` : `there are ${known.join(', ')}`;
}
