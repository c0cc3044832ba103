/** The standard normal density. */
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** `Φ(x) - 1/2` of the standard normal distribution in float64; relative accuracy about 1e-15. */
export function centralMass(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x) * (0.5 - Math.exp(logUpperTail(Math.abs(x))));
  // φ(x) · (x + x³/3 + x⁵/15 + …): all terms of one sign.
  let [term, sum] = [x, x];
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return density(x) * sum;
}

/** `log(1 - Φ(x))` in float64, for any `x` including the infinities. */
export function logUpperTail(x: number): number {
  if (x === Infinity) return -Infinity;
  if (x < 1.5) return Math.log(0.5 - centralMass(Math.max(x, -40)));
  // Mills' ratio as the continued fraction 1/(x + 1/(x + 2/(x + 3/…))), from the far end.
  let fraction = x;
  for (let k = Math.ceil(20 + 600 / (x * x)); k >= 1; k--) fraction = x + k / fraction;
  return (-x * x) / 2 - Math.log(Math.sqrt(2 * Math.PI) * fraction);
}
