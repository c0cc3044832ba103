import { statedLayers } from './architectures.js';
import type { LayerStack } from './find-layers.js';
import type { RecipeModel } from './recipe-model.js';

/** The stack that slices are cut from: the one its architecture or config names, or the only one. */
export function mainStack(
  { architecture, config }: RecipeModel,
  stacks: readonly LayerStack[],
): LayerStack | undefined {
  if (stacks.length <= 1) return stacks[0];
  const named = stacks.filter(
    ({ prefix }) => architecture.layers.source !== '^' && architecture.layers.test(prefix),
  );
  if (named.length === 1) return named[0];
  const stated = statedLayers(config, architecture);
  const fitting = stacks.filter(({ count }) => count === stated);
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** The stacks there are, for messages. */
export const describeStacks = (stacks: readonly LayerStack[]): string =>
  stacks.length === 0
    ? 'none'
    : stacks.map(({ prefix, count }) => `${JSON.stringify(prefix)} with ${count}`).join(', ');
