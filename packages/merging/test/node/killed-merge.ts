import { type RecipePlan } from '../../src/index.js';
import { mergeRecipe } from '../../src/node/index.js';

/** Has a plan tell each tensor before it is made. */
export const watched = (plan: RecipePlan, before: (name: string) => void): RecipePlan => ({
  ...plan,
  tensors: plan.tensors.map((tensor) => ({
    ...tensor,
    method: {
      ...tensor.method!,
      begin(tensors) {
        before(tensor.name);
        return tensor.method!.begin(tensors);
      },
    },
  })),
});

/** Merges with `resume`, and kills its own process with SIGKILL before it makes tensor number `after`. */
export async function mergeAndDie(recipe: string, cwd: string, output: string, after: number): Promise<void> {
  let made = 0;
  const onPlan = (plan: RecipePlan): RecipePlan =>
    watched(plan, () => {
      if (made++ === after) process.kill(process.pid, 'SIGKILL');
    });
  await mergeRecipe(recipe, { output, cwd, resume: true, maxShardSize: 1500, onPlan });
}
