import type { Loss, Model, StateDict } from '@weightloom/nn';
import {
  add,
  clip,
  grad,
  jit,
  type Key,
  maximum,
  minimum,
  mul,
  sign,
  sub,
  type Tensor,
  uniform,
} from '@weightloom/tensor-gpu';

export interface PgdAttackOptions {
  /** Largest change of an input element, above 0, in the unit of the inputs. */
  readonly epsilon: number;
  /** Default `epsilon / 4`. */
  readonly stepSize?: number;
  /** Default 10. */
  readonly steps?: number;
  /** Draws the start; without a key the attack starts at the input. */
  readonly key?: Key;
  /** Range of the inputs (default 0 to 1). */
  readonly range?: readonly [low: number, high: number];
}

/**
 * Projected gradient descent against a model: `x ← clip(x + step · sign ∇ₓ loss)` into the ball of radius ε (largest norm) and the range of
 * the inputs, as a compiled function of weights, inputs and targets.
 *
 * @see Madry et al. 2018, "Towards Deep Learning Models Resistant to Adversarial Attacks", arXiv:1706.06083
 */
export function pgdAttack(
  model: Pick<Model, 'apply'>,
  loss: Loss,
  { epsilon, stepSize = epsilon / 4, steps = 10, range = [0, 1] }: Omit<PgdAttackOptions, 'key'>,
): (params: StateDict, inputs: Tensor, targets: Tensor, key?: Key) => Tensor {
  for (const [name, value] of Object.entries({ epsilon, stepSize })) {
    if (!(value > 0 && Number.isFinite(value)))
      throw new RangeError(`pgdAttack: expected ${name} above 0, received ${value}`);
  }
  if (!Number.isSafeInteger(steps) || steps < 1)
    throw new RangeError(`pgdAttack: expected at least 1 step, received ${steps}`);
  const slope = grad((x: Tensor, params: StateDict, targets: Tensor) =>
    loss(model.apply(params, x), targets),
  );
  const near = (x: Tensor, inputs: Tensor): Tensor =>
    clip(minimum(maximum(x, sub(inputs, epsilon)), add(inputs, epsilon)), range[0], range[1]);
  const step = jit(
    (x: Tensor, params: StateDict, inputs: Tensor, targets: Tensor) =>
      near(add(x, mul(sign(slope(x, params, targets) as Tensor), stepSize)), inputs),
    { name: 'pgdStep' },
  );
  return (params, inputs, targets, key) => {
    let x = key ? near(add(inputs, uniform(key, inputs.shape, -epsilon, epsilon)), inputs) : add(inputs, 0);
    for (let i = 0; i < steps; i++) {
      const next = step(x, params, inputs, targets);
      x.dispose();
      x = next;
    }
    return x;
  };
}
