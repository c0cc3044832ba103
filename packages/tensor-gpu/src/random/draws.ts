import { ShapeError } from '../errors.js';
import * as e from '../primitives/elementwise.js';
import { reshape } from '../primitives/movement.js';
import { bind } from '../primitives/primitive.js';
import { type Draw, drawPrimitive } from '../primitives/random.js';
import { checkShape, type Shape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { add, cast, floor, less, log, mul, neg, sub } from '../ops/arithmetic.js';
import { argmax } from '../ops/reductions.js';
import { argsort } from '../ops/sorting.js';
import { checkKey, type Key } from './key.js';

function draw(where: string, k: Key, shape: Shape, kind: Draw): Tensor {
  checkKey(where, k);
  checkShape(where, shape);
  return reshape(bind(drawPrimitive, [reshape(k, [1, 2])], { draw: kind, n: sizeOf(shape) }), shape);
}

/** Uniform float32 in [low, high). */
export function uniform(k: Key, shape: Shape = [], low = 0, high = 1): Tensor {
  if (!(low <= high) || !Number.isFinite(high - low)) {
    throw new ShapeError({ where: 'uniform', expected: 'finite low ≤ high', received: `${low} and ${high}` });
  }
  const unit = draw('uniform', k, shape, 'uniform');
  if (low === 0 && high === 1) return unit;
  const scaled = add(mul(unit, high - low), low);
  return high > low ? e.minimum(scaled, e.constantLike(scaled, below(high))) : scaled;
}

/** The float32 just below `x`. */
function below(x: number): number {
  const float = new Float32Array([x]);
  const bits = new Int32Array(float.buffer);
  if (float[0] < x) return float[0];
  if (float[0] === 0) bits[0] = 0x80000001 | 0;
  else bits[0] += float[0] > 0 ? -1 : 1;
  return float[0];
}

/** Normal float32 with a mean and a standard deviation. */
export function normal(k: Key, shape: Shape = [], mean = 0, std = 1): Tensor {
  const unit = draw('normal', k, shape, 'normal');
  const scaled = std === 1 ? unit : mul(unit, std);
  return mean === 0 ? scaled : add(scaled, mean);
}

/** Raw 32-bit draws as int32. */
export const randomBits = (k: Key, shape: Shape = []): Tensor => draw('randomBits', k, shape, 'bits');

/** Whole numbers from `low` to `high - 1`, int32; `high - low` up to 2^24 (draws have 24 bits, so the bias is below `(high - low) / 2^24`). */
export function randomInt(k: Key, shape: Shape, low: number, high: number): Tensor {
  if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low || high - low > 2 ** 24) {
    throw new ShapeError({
      where: 'randomInt',
      expected: 'whole low < high at most 2^24 apart',
      received: `${low} and ${high}`,
    });
  }
  const scaled = cast(floor(mul(draw('randomInt', k, shape, 'uniform'), high - low)), 'int32');
  return add(e.minimum(scaled, e.constantLike(scaled, high - low - 1)), low);
}

/** True with probability `p`, bool. */
export function bernoulli(
  k: Key,
  p: number | Tensor,
  shape: Shape = typeof p === 'number' ? [] : p.shape,
): Tensor {
  if (typeof p === 'number' && !(p >= 0 && p <= 1)) {
    throw new ShapeError({ where: 'bernoulli', expected: 'a probability from 0 to 1', received: String(p) });
  }
  return less(draw('bernoulli', k, shape, 'uniform'), p);
}

/** -1 or 1 with equal probability, float32. */
export const rademacher = (k: Key, shape: Shape = []): Tensor =>
  sub(mul(cast(bernoulli(k, 0.5, shape), 'float32'), 2), 1);

/** One class per row from unnormalised log-probabilities `[…, C]` → int32 `[…]`, by Gumbel noise. */
export function categorical(k: Key, logits: Tensor): Tensor {
  const u = draw('categorical', k, logits.shape, 'uniform');
  // u is a multiple of 2^-24; half a step keeps the logarithm finite.
  const gumbel = neg(log(neg(log(add(u, 2 ** -25)))));
  return argmax(add(logits, gumbel), -1);
}

/** Random order of 0 … n-1, int32. */
export const permutation = (k: Key, n: number): Tensor => argsort(draw('permutation', k, [n], 'bits'));
