import { currentExecutor } from './backend.js';
import type { MemoryReport } from './executor.js';
import { scoped } from './tensor/scope.js';
import { Tensor } from './tensor/tensor.js';
import { copyOf } from './trace/eager.js';
import { flatten, treeMap } from './trace/tree.js';

/** What the present backend holds, in bytes. */
export const memory = (): MemoryReport => currentExecutor().memory();

/**
 * Runs `f` and disposes every tensor it made, except those in the tree it returns. Also when it throws.
 *
 * @throws {TypeError} when `f` is async: tensors made after its first await would escape
 */
export function tidy<R>(f: () => R): R {
  return scoped(f, (result) => {
    if (result instanceof Promise)
      throw new TypeError('tidy: expected a synchronous function, received a promise; dispose by hand there');
    return flatten(result, 'tidy: the result').leaves;
  });
}

/** Disposes every tensor of a tree. */
export function dispose(tree: unknown): void {
  for (const leaf of flatten(tree, 'dispose').leaves) if (leaf instanceof Tensor) leaf.dispose();
}

/** A copy of every tensor of a tree, in memory of its own: what a caller may donate without losing the original. */
export const copy = <T>(tree: T): T =>
  treeMap((leaf) => (leaf instanceof Tensor && leaf.trace === null ? copyOf(leaf) : leaf), tree);
