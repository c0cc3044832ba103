import { mul, ShapeError } from '@weightloom/tensor-gpu';
import { checkNotNegative } from '../internal/checks.js';
import { dictOf } from '../internal/dict.js';
import type { StateDict } from '../model.js';
import type { NameFilter } from './add-decayed-weights.js';
import type { Optimizer, OptimizerState, UpdateOptions } from './optimizer.js';

/** Weights that share an optimiser. */
export interface ParamGroup {
  /** Which weights, by name; the first group that names a weight has it. */
  readonly filter: NameFilter;
  readonly optimizer: Optimizer;
  /** Factor on the learning rate given to `update` (the optimiser's own rate is used as it is); default 1. */
  readonly learningRateScale?: number;
}

/**
 * Different optimisers, rates or weight decay for different weights. The state is the list of the groups' states.
 *
 * @throws {ShapeError} when a weight is in no group
 */
export function paramGroups(groups: readonly ParamGroup[]): Optimizer<readonly OptimizerState[]> {
  groups.forEach(({ learningRateScale = 1 }, i) =>
    checkNotNegative('paramGroups', `groups[${i}].learningRateScale`, learningRateScale),
  );
  const groupOf = (name: string): number => {
    const i = groups.findIndex(({ filter }) => filter(name));
    if (i >= 0) return i;
    throw new ShapeError({
      where: 'paramGroups',
      expected: 'a group for every weight',
      received: `none for "${name}"`,
    });
  };
  const part = (dict: StateDict, i: number): StateDict =>
    dictOf(Object.entries(dict).filter(([name]) => groupOf(name) === i));
  return {
    config: groups.map(({ optimizer, learningRateScale = 1 }) => ({
      optimizer: optimizer.config ?? null,
      learningRateScale,
    })),
    init: (params) => groups.map(({ optimizer }, i) => optimizer.init(part(params, i))),
    update: (grads, state, params, options) => {
      const steps = groups.map(({ optimizer, learningRateScale = 1 }, i) =>
        optimizer.update(part(grads, i), state[i], part(params, i), scaled(options, learningRateScale)),
      );
      return {
        updates: dictOf(steps.flatMap(({ updates }) => Object.entries(updates))),
        state: steps.map((s) => s.state),
      };
    },
  };
}

function scaled(options: UpdateOptions = {}, factor: number): UpdateOptions {
  const { learningRate } = options;
  if (learningRate === undefined || factor === 1) return options;
  return {
    ...options,
    learningRate: typeof learningRate === 'number' ? learningRate * factor : mul(learningRate, factor),
  };
}
