import { normalPdf, normalQuantile } from '../internal/normal.js';

/** Rule for the half-width, in units of the level, over which the density at a quantile is estimated. */
export type Bandwidth = 'hallSheather' | 'bofinger';

/**
 * Half-width in level units.
 *
 * Hall-Sheather: `n^(-1/3) z^(2/3) (1.5 φ² / (2q² + 1))^(1/3)` with `q = Φ⁻¹(τ)`, `φ = φ(q)`, `z = Φ⁻¹(0.975)`;
 * Bofinger: `n^(-1/5) (4.5 φ⁴ / (2q² + 1)²)^(1/5)`.
 *
 * @see Hall, Sheather 1988, J. R. Statist. Soc. B 50; Bofinger 1975, Austral. J. Statist. 17
 */
export function levelBandwidth(level: number, n: number, rule: Bandwidth): number {
  const q = normalQuantile(level);
  const density = normalPdf(q);
  if (rule === 'bofinger') return n ** -0.2 * ((4.5 * density ** 4) / (2 * q * q + 1) ** 2) ** 0.2;
  return (
    n ** (-1 / 3) * normalQuantile(0.975) ** (2 / 3) * ((1.5 * density ** 2) / (2 * q * q + 1)) ** (1 / 3)
  );
}

/** The bandwidth, halved until `level ± h` lies inside (0, 1), as R quantreg does. */
export function innerBandwidth(level: number, n: number, rule: Bandwidth): number {
  let h = levelBandwidth(level, n, rule);
  while (level - h <= 0 || level + h >= 1) h /= 2;
  return h;
}
