import { maximum, mul, reshape, ShapeError, sub, type Tensor, tensor } from '@weightloom/tensor-gpu';
import { refuse } from '../internal/checks.js';
import { type Reduction, reduceLoss } from './reduction.js';

export interface PinballLossOptions {
  /** One level per output on the last axis, each in (0, 1). */
  readonly levels: readonly number[];
  /** Default `mean` over elements. */
  readonly reduction?: Reduction;
}

/**
 * `max(τ u, (τ - 1) u)` with `u = y - ŷ`: smallest in the mean when `ŷ` is the τ-quantile of `y`.
 *
 * @param outputs - `ŷ`, `[…, levels]` @param targets - `y`, `[…]` or `[…, 1]`, compared with every level
 * @see Koenker and Bassett 1978, "Regression Quantiles"
 */
export function pinballLoss(
  outputs: Tensor,
  targets: Tensor,
  { levels, reduction = 'mean' }: PinballLossOptions,
): Tensor {
  const bad = levels.findIndex((level) => !(level > 0 && level < 1));
  if (levels.length === 0 || bad >= 0) {
    refuse('pinballLoss', 'levels between 0 and 1', levels.length === 0 ? 'none' : levels[bad]);
  }
  const lead = outputs.shape.slice(0, -1);
  const size = lead.reduce((n, d) => n * d, 1);
  if (outputs.shape.at(-1) !== levels.length || targets.size !== size) {
    throw new ShapeError({
      where: 'pinballLoss',
      expected: `outputs […, ${levels.length}] and targets […]`,
      received: `[${outputs.shape.join(', ')}] and [${targets.shape.join(', ')}]`,
    });
  }
  const error = sub(reshape(targets, [...lead, 1]), outputs);
  const tau = tensor(Float32Array.from(levels));
  return reduceLoss(maximum(mul(error, tau), mul(error, sub(tau, 1))), reduction);
}
