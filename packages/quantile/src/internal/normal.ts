/** Standard normal density. */
export const normalPdf = (x: number): number => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

/**
 * Standard normal distribution function, to about 1e-15 relative in the lower tail.
 *
 * The power series `φ(x) Σ x^(2k+1) / (1·3·…·(2k+1))` inside |x| < 3, Laplace's continued fraction for the tail outside.
 */
export function normalCdf(x: number): number {
  const size = Math.abs(x);
  if (size < 3) {
    let term = size;
    let sum = size;
    for (let k = 3; term > 1e-17 * sum; k += 2) {
      term *= (size * size) / k;
      sum += term;
    }
    return 0.5 + Math.sign(x) * normalPdf(size) * sum;
  }
  let fraction = size;
  for (let k = 120; k > 0; k--) fraction = size + k / fraction;
  const tail = size === Infinity ? 0 : normalPdf(size) / fraction;
  return x < 0 ? tail : 1 - tail;
}

/**
 * Standard normal quantile function: Acklam's rational approximation (1e-9) and one Halley step.
 *
 * @param p - probability inside (0, 1)
 */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  const x = p < 0.02425 ? tailQuantile(p) : centralQuantile(p - 0.5);
  const error = (normalCdf(x) - p) / normalPdf(x);
  return x - error / (1 + (x * error) / 2);
}

function tailQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(p));
  return (
    polynomial(
      [
        -7.784894002430293e-3, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
        2.938163982698783,
      ],
      t,
    ) / polynomial([7.784695709041462e-3, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1], t)
  );
}

function centralQuantile(q: number): number {
  const r = q * q;
  return (
    (q *
      polynomial(
        [
          -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
          2.506628277459239,
        ],
        r,
      )) /
    polynomial(
      [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1],
      r,
    )
  );
}

/** Horner's rule, highest power first. */
const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((value, coefficient) => value * x + coefficient, 0);
