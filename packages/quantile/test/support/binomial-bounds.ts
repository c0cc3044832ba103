/**
 * Counts that a Binomial(draws, p) leaves with probability below `tail` on each side: exact, by summing the mass.
 */
export function binomialBounds(draws: number, p: number, tail = 1e-4): { low: number; high: number } {
  const mass = new Float64Array(draws + 1);
  let logMass = draws * Math.log(1 - p);
  for (let k = 0; k <= draws; k++) {
    mass[k] = Math.exp(logMass);
    logMass += Math.log((draws - k) / (k + 1)) + Math.log(p / (1 - p));
  }
  let low = 0;
  for (let sum = mass[0]!; sum < tail; sum += mass[++low]!);
  let high = draws;
  for (let sum = mass[draws]!; sum < tail; sum += mass[--high]!);
  return { low, high };
}
