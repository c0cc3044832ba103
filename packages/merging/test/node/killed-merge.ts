import { mergeRecipe } from '../../src/node/index.js';

/** Merges with `resume`, and kills its own process with SIGKILL before it makes tensor number `after`. */
export async function mergeAndDie(recipe: string, cwd: string, output: string, after: number): Promise<void> {
  let made = 0;
  await mergeRecipe(recipe, {
    output,
    cwd,
    resume: true,
    maxShardSize: 1500,
    onPlan: (plan) => ({
      ...plan,
      tensors: plan.tensors.map((tensor) => ({
        ...tensor,
        method: {
          ...tensor.method!,
          begin(tensors) {
            if (made++ === after) process.kill(process.pid, 'SIGKILL');
            return tensor.method!.begin(tensors);
          },
        },
      })),
    }),
  });
}
