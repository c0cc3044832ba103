import { ShapeError } from '../errors.js';
import {
  abs,
  add,
  clip,
  div,
  less,
  log,
  log1p,
  minimum,
  mul,
  neg,
  sqrt,
  square,
  sub,
  where,
} from '../ops/arithmetic.js';
import { reshape, slice } from '../ops/shaping.js';
import { scoped } from '../tensor/scope.js';
import { checkShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { uniform } from './draws.js';
import { checkKey, type Key } from './key.js';
import { centralMass, logUpperTail } from './normal-tails.js';

/** The largest float32. */
const MAX = 2 ** 128 - 2 ** 104;

/** From this distance on an interval on one side of 0 is drawn by the expansion of the tail. */
const FAR = 20;

/**
 * Standard normal float32 numbers conditioned on `low ≤ x ≤ high`, by inversion of the distribution function: one pass, no
 * rejection, any interval. `mul` and `add` give another deviation and mean.
 *
 * The uniform numbers have 48 bits, so that an open side reaches as far as 7.8 deviations; intervals far out (say 30 to 31) keep
 * their shape up to the spacing of float32. Works in `jit` and `vmap` with traced keys; the bounds are plain numbers.
 *
 * @param low - below `high`; may be -Infinity. Default: -2
 * @param high - may be Infinity. Default: 2
 * @throws {ShapeError} when `low < high` does not hold, or both bounds are beyond float32 on one side
 * @see Wichura 1988, "Algorithm AS 241: The percentage points of the normal distribution" (PPND7)
 */
export function truncatedNormal(k: Key, shape: Shape = [], low = -2, high = 2): Tensor {
  checkKey('truncatedNormal', k);
  checkShape('truncatedNormal', shape);
  if (!(low < high) || low > MAX || high < -MAX) {
    throw new ShapeError({
      where: 'truncatedNormal',
      expected: 'low < high within float32',
      received: `${low} and ${high}`,
    });
  }
  return scoped(
    () => {
      const pairs = uniform(k, [...shape, 2]);
      const part = (i: number): Tensor =>
        reshape(slice(pairs, [...shape.map(() => 0), i], [...shape, i + 1]), shape);
      const [coarse, fine] = [part(0), part(1)];
      // Both ends of (0, 1) with their full relative precision: 24 bits of one draw, 24 of the next.
      const u = add(coarse, mul(add(fine, 2 ** -25), 2 ** -24));
      const fromAbove = add(sub(1 - 2 ** -24, coarse), mul(sub(1, fine), 2 ** -24));
      return truncatedQuantile(u, fromAbove, low, high);
    },
    (t) => [t],
  );
}

/** The quantile at `u` of the standard normal distribution between two bounds; `v = 1 - u` is given beside it, for its precision. */
export function truncatedQuantile(u: Tensor, v: Tensor, low: number, high: number): Tensor {
  const x = low >= 0 ? neg(lowerQuantile(v, u, -high, -low)) : lowerQuantile(u, v, low, high);
  return clip(x, Math.max(low, -MAX), Math.min(high, MAX));
}

/** As {@link truncatedQuantile}, for `low < 0`. */
function lowerQuantile(u: Tensor, v: Tensor, low: number, high: number): Tensor {
  if (high > 0) return innerQuantile(u, v, low, high);
  // Φ(low) = Φ(high) · rest; the probability below x is Φ(high) · (rest + u · share) = Φ(high) · (1 - v · share).
  const logRest = logUpperTail(-low) - logUpperTail(-high);
  const [rest, share] = [Math.exp(logRest), -Math.expm1(logRest)];
  const missing = mul(v, share);
  const logRatio = where(less(missing, 0.5), log1p(neg(missing)), log(add(mul(u, share), rest)));
  if (high <= -FAR) return farQuantile(logRatio, -high);
  const center = add(mul(u, share * (0.5 + centralMass(high))), centralMass(low));
  const tail = neg(tailQuantile(add(logRatio, logUpperTail(-high))));
  return where(less(center, -CENTRAL), tail, centralQuantile(center));
}

/** An interval with 0 inside. */
function innerQuantile(u: Tensor, v: Tensor, low: number, high: number): Tensor {
  const mass = centralMass(high) - centralMass(low);
  const center = add(mul(u, mass), centralMass(low));
  const below = add(mul(u, mass), Math.exp(logUpperTail(-low)));
  const above = add(mul(v, mass), Math.exp(logUpperTail(high)));
  const tail = tailQuantile(log(minimum(below, above)));
  const outer = where(less(center, 0), neg(tail), tail);
  return where(less(abs(center), CENTRAL), centralQuantile(center), outer);
}

/** Horner's rule, highest power first. */
const polynomial = (r: Tensor, ...coefficients: number[]): Tensor =>
  coefficients
    .slice(2)
    .reduce((sum, c) => add(mul(sum, r), c), add(mul(r, coefficients[0]), coefficients[1]));

/** Where |Φ(x) - 1/2| is below this, x is a smooth function of it. */
const CENTRAL = 0.425;

/** `Φ⁻¹(1/2 + q)` for |q| ≤ 0.425. */
function centralQuantile(q: Tensor): Tensor {
  const r = sub(CENTRAL ** 2, square(q));
  const top = polynomial(r, 59.10937472, 159.29113202, 50.434271938, 3.3871327179);
  return mul(q, div(top, polynomial(r, 67.1875636, 78.757757664, 17.895169469, 1)));
}

/** `-Φ⁻¹(p)` from `log p` for p ≤ 0.075, down to 1e-316. */
function tailQuantile(logP: Tensor): Tensor {
  const t = sqrt(neg(logP));
  const near = sub(t, 1.6);
  const far = sub(t, 5);
  return where(
    less(t, 5),
    div(
      polynomial(near, 0.17023821103, 1.3067284816, 2.75681539, 1.4234372777),
      polynomial(near, 0.12021132975, 0.7370016425, 1),
    ),
    div(
      polynomial(far, 0.017337203997, 0.42868294337, 3.081226386, 6.657905115),
      polynomial(far, 0.012258202635, 0.24197894225, 1),
    ),
  );
}

/**
 * The `x ≤ -c` with `Φ(x) / Φ(-c) = exp(logRatio)`: with `y = x²/c² - 1`, from `Q(z) ≈ φ(z)/z · (1 - 1/z²)`,
 * `y = 2/c² · (-logRatio - log(1 + y)/2 + y/(1 + y)/c²)`. Each round gains a factor of c².
 */
function farQuantile(logRatio: Tensor, c: number): Tensor {
  const scale = 2 / c / c;
  let y = mul(logRatio, -scale);
  for (let round = 0; round < 3; round++) {
    const correction = sub(mul(div(y, add(y, 1)), scale / 2), mul(log1p(y), 0.5));
    y = mul(sub(correction, logRatio), scale);
  }
  return mul(sqrt(add(y, 1)), -c);
}
