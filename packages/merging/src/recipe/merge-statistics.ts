import type { Block, ChunkedMethod } from '@weightloom/state-dict';
import type { PlannedTensor, RecipePlan } from './plan-recipe.js';

/** What a merge did to one tensor. */
export interface TensorStatistics {
  readonly name: string;
  /** Number of weights. */
  readonly size: number;
  /** The models, without the base. */
  readonly models: readonly string[];
  /** Norm of each model's change to the base; of its weights where there is no base. */
  readonly norms: readonly number[];
  /** Cosine between each of these and the same of the result; 0 where one is zero. */
  readonly cosines: readonly number[];
  /** Norm of the result's change, or of its weights. */
  readonly resultNorm: number;
  /** Share of the weights where two models changed the base in opposite directions; `undefined` without a base. */
  readonly signConflicts: number | undefined;
}

/**
 * Has a plan tell what it does while it is carried out.
 *
 * @returns the plan to run, and the statistics of each merged tensor, once it is made
 */
export function withStatistics(plan: RecipePlan): {
  readonly plan: RecipePlan;
  readonly statistics: ReadonlyMap<string, TensorStatistics>;
} {
  const statistics = new Map<string, TensorStatistics>();
  const tensors = plan.tensors.map((tensor): PlannedTensor => {
    const { method } = tensor;
    if (!method || method.scope === 'model') return tensor;
    return { ...tensor, method: observed(tensor, method, (found) => statistics.set(tensor.name, found)) };
  });
  return { plan: { ...plan, tensors }, statistics };
}

function observed(
  { name, from, hasBase }: PlannedTensor,
  method: ChunkedMethod,
  report: (statistics: TensorStatistics) => void,
): ChunkedMethod {
  const models = from.slice(Number(hasBase)).map(({ model }) => model);
  return {
    ...method,
    begin(tensors) {
      const program = method.begin(tensors);
      const sums: Sums = {
        squares: new Float64Array(models.length),
        dots: new Float64Array(models.length),
        result: 0,
        conflicts: 0,
      };
      const { size } = tensors[0]!;
      return {
        passes: program.passes,
        emit(block, out) {
          program.emit(block, out);
          addSums(sums, block, out, hasBase);
          if (block.end < size) return;
          const norms = Array.from(sums.squares, Math.sqrt);
          const resultNorm = Math.sqrt(sums.result);
          report({
            name,
            size,
            models,
            norms,
            cosines: norms.map((norm, i) =>
              norm * resultNorm > 0 ? sums.dots[i]! / (norm * resultNorm) : 0,
            ),
            resultNorm,
            signConflicts: hasBase ? sums.conflicts / size : undefined,
          });
        },
      };
    },
  };
}

interface Sums {
  readonly squares: Float64Array;
  readonly dots: Float64Array;
  result: number;
  conflicts: number;
}

function addSums(sums: Sums, { inputs }: Block, out: Float32Array, hasBase: boolean): void {
  const first = Number(hasBase);
  for (let j = 0; j < out.length; j++) {
    const origin = hasBase ? inputs[0]![j]! : 0;
    const result = out[j]! - origin;
    sums.result += result * result;
    let up = false;
    let down = false;
    for (let i = first; i < inputs.length; i++) {
      const change = inputs[i]![j]! - origin;
      sums.squares[i - first]! += change * change;
      sums.dots[i - first]! += change * result;
      if (change > 0) up = true;
      else if (change < 0) down = true;
    }
    if (up && down) sums.conflicts++;
  }
}
