/** How many names a message lists before it only counts them. */
const SHOWN_NAMES = 12;

export const quote = (text: string): string =>
  JSON.stringify(text.length > 160 ? `${text.slice(0, 160)}…` : text);

/** Names for a message: quoted, the first dozen, then how many more. */
export function listNames(names: readonly string[], shown = SHOWN_NAMES): string {
  if (names.length === 0) return 'none';
  const head = names.slice(0, shown).map(quote).join(', ');
  return names.length > shown ? `${head}, … (${names.length} in all)` : head;
}

export const showShape = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** Any value in a few words. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value))
    return value.length > 8 ? `an array of ${value.length}` : `[${value.map(describe).join(', ')}]`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

/** Words of `candidates` most like `name`: those that share its last dotted segment, then by edit distance. */
export function nearest(name: string, candidates: readonly string[], count = 3): string[] {
  const last = name.slice(name.lastIndexOf('.') + 1);
  const scored = candidates.map((candidate) => {
    const own = candidate.slice(candidate.lastIndexOf('.') + 1);
    return { candidate, score: editDistance(name, candidate) - (own === last ? 20 : 0) };
  });
  scored.sort((a, b) => a.score - b.score || (a.candidate < b.candidate ? -1 : 1));
  return scored.slice(0, count).map(({ candidate }) => candidate);
}

/** Levenshtein distance of two short texts; long ones are compared by their ends, where module names differ. */
export function editDistance(a: string, b: string): number {
  const [x, y] = [a.slice(-48), b.slice(-48)];
  let row = Array.from({ length: y.length + 1 }, (_, j) => j);
  for (let i = 1; i <= x.length; i++) {
    const next = [i];
    for (let j = 1; j <= y.length; j++) {
      const change = row[j - 1]! + (x[i - 1] === y[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[y.length]!;
}
