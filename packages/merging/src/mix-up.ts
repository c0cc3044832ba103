import {
  add,
  generator,
  type Key,
  mul,
  oneHot,
  reshape,
  ShapeError,
  sub,
  take,
  type Tensor,
  tensor,
} from '@weightloom/tensor-gpu';
import { checkCount, checkNumber } from './internal/check-number.js';

export interface MixUpOptions {
  /** Number of classes. */
  readonly classes: number;
  /** Parameter of Beta(alpha, alpha), from which shares are drawn, in (0, 4] (default 1: uniform). */
  readonly alpha?: number;
  /** Decides pairs and shares. */
  readonly key: Key;
}

/**
 * Mixup: blends every example with another one, inputs and labels alike.
 *
 * `x̃ᵢ = λᵢ xᵢ + (1 - λᵢ) x_π(i)`, `ỹᵢ = λᵢ yᵢ + (1 - λᵢ) y_π(i)` with `λᵢ ~ Beta(alpha, alpha)`, a random permutation `π` and labels
 * `y` one-hot. Training on it keeps a model from being too sure, which BANG asks for before it averages. Draws on the host: call it
 * outside of `jit`, once for each pass over the data.
 *
 * @param inputs - float32 `[n, …]`, n ≥ 1
 * @param targets - int32 labels `[n]`
 * @returns inputs `[n, …]`, and targets `[n, classes]` whose rows sum to 1
 * @throws {RangeError} for `alpha` or `classes` out of range; {@link ShapeError} when rows differ in number
 * @see Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization", arXiv:1710.09412; here every example has a share of its own
 */
export function mixUp(
  { inputs, targets }: { readonly inputs: Tensor; readonly targets: Tensor },
  { classes, alpha = 1, key }: MixUpOptions,
): { inputs: Tensor; targets: Tensor } {
  const where = 'mixUp';
  checkCount(where, 'classes', classes);
  if (!(alpha > 0)) throw new RangeError(`${where}: expected alpha above 0, received ${String(alpha)}`);
  checkNumber(where, 'alpha', alpha, 0, LARGEST_ALPHA);
  const [count = 0] = inputs.shape;
  if (targets.rank !== 1 || targets.shape[0] !== count || count === 0) {
    throw new ShapeError({
      where,
      expected: 'inputs [n, …] and labels [n] with the same n ≥ 1',
      received: `[${inputs.shape.join(', ')}] and [${targets.shape.join(', ')}]`,
    });
  }
  const draw = generator(key);
  const partner = tensor(draw.permutation(count));
  const shares = tensor(Float32Array.from({ length: count }, () => drawBeta(alpha, draw.uniform)));
  const blend = (x: Tensor): Tensor => {
    const share = reshape(shares, [count, ...x.shape.slice(1).map(() => 1)]);
    return add(mul(x, share), mul(take(x, partner), sub(1, share)));
  };
  return { inputs: blend(inputs), targets: blend(oneHot(targets, classes)) };
}

const LARGEST_ALPHA = 4; // above, Jöhnk's method rejects nearly every draw

/** A draw from Beta(alpha, alpha) by Jöhnk's method: `u^(1/α) / (u^(1/α) + v^(1/α))` where that sum is at most 1. */
function drawBeta(alpha: number, uniform: () => number): number {
  for (;;) {
    const [x, y] = [(1 - uniform()) ** (1 / alpha), (1 - uniform()) ** (1 / alpha)];
    if (x + y <= 1 && x + y > 0) return x / (x + y);
  }
}
