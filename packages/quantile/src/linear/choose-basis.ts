/** Rows accepted only while this share of them is new, tried in turn; well-separated rows make a stable start. */
const SEPARATION = [1e-2, 1e-5, 1e-10];

/**
 * Picks `d` linearly independent rows, preferring high scores.
 *
 * @param z - rows `[n, d]`, row-major
 * @param score - one preference per row, `[n]`
 * @returns the row numbers, or undefined when the rows have rank below `d`
 */
export function chooseBasis(z: Float64Array, d: number, score: Float64Array): Int32Array | undefined {
  const n = score.length;
  for (let count = Math.min(n, 4 * d + 16); ; count = Math.min(n, count * 8)) {
    const candidates = best(score, count);
    for (const separation of count < n ? SEPARATION.slice(0, 2) : SEPARATION) {
      const basis = independentRows(z, d, candidates, separation);
      if (basis.length === d) return Int32Array.from(basis);
    }
    if (count === n) return undefined;
  }
}

/** The `count` row numbers with the largest scores, best first; ties keep row order. */
function best(score: Float64Array, count: number): number[] {
  const threshold = score.slice().sort()[score.length - count]!;
  const rows: number[] = [];
  score.forEach((value, i) => {
    if (value >= threshold) rows.push(i);
  });
  return rows.sort((i, j) => score[j]! - score[i]! || i - j).slice(0, count);
}

function independentRows(
  z: Float64Array,
  d: number,
  candidates: readonly number[],
  separation: number,
): number[] {
  const accepted: number[] = [];
  const directions: Float64Array[] = [];
  for (const row of candidates) {
    const rest = z.slice(row * d, (row + 1) * d);
    const length = Math.hypot(...rest);
    for (let sweep = 0; sweep < 2; sweep++) {
      for (const direction of directions) {
        let share = 0;
        for (let j = 0; j < d; j++) share += rest[j]! * direction[j]!;
        for (let j = 0; j < d; j++) rest[j]! -= share * direction[j]!;
      }
    }
    const left = Math.hypot(...rest);
    if (!(left > separation * length)) continue;
    directions.push(rest.map((value) => value / left));
    accepted.push(row);
    if (accepted.length === d) break;
  }
  return accepted;
}
