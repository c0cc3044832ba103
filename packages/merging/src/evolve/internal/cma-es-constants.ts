/** What CMA-ES is set to for `n` coordinates and `λ` points a generation. */
export interface CmaEsConstants {
  readonly n: number;
  /** `λ`. */
  readonly population: number;
  /** `w₁ ≥ … ≥ w_λ`; the first `μ` are above 0 and sum to 1. */
  readonly weights: readonly number[];
  readonly mu: number;
  /** `μ_eff = 1 / Σ wᵢ²` of the positive weights. */
  readonly muEff: number;
  readonly cSigma: number;
  readonly dSigma: number;
  readonly cC: number;
  readonly c1: number;
  readonly cMu: number;
  /** `E ‖N(0, I)‖`, to the tutorial's approximation. */
  readonly expectedNorm: number;
}

/** Table 1 of Hansen's tutorial, arXiv:1604.00772, with `α_cov = 2`. */
export function cmaEsConstants(n: number, population: number): CmaEsConstants {
  const raw = Array.from({ length: population }, (_, i) => Math.log((population + 1) / 2) - Math.log(i + 1));
  const mu = Math.floor(population / 2);
  const effective = (w: readonly number[]): number => sum(w) ** 2 / sum(w.map((x) => x * x));
  const muEff = effective(raw.slice(0, mu));
  const muEffMinus = effective(raw.slice(mu));
  const c1 = 2 / ((n + 1.3) ** 2 + muEff);
  const cMu = Math.min(1 - c1, (2 * (0.25 + muEff + 1 / muEff - 2)) / ((n + 2) ** 2 + muEff));
  const negative = Math.min(1 + c1 / cMu, 1 + (2 * muEffMinus) / (muEff + 2), (1 - c1 - cMu) / (n * cMu));
  const [above, below] = [sum(raw.filter((w) => w >= 0)), -sum(raw.filter((w) => w < 0))];
  const cSigma = (muEff + 2) / (n + muEff + 5);
  return {
    n,
    population,
    weights: raw.map((w) => (w >= 0 ? w / above : (w * negative) / below)),
    mu,
    muEff,
    cSigma,
    dSigma: 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma,
    cC: (4 + muEff / n) / (n + 4 + (2 * muEff) / n),
    c1,
    cMu,
    expectedNorm: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
