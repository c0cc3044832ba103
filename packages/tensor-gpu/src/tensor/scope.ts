import { insideTransform } from '../trace/trace.js';
import type { Tensor } from './tensor.js';

const scopes: Set<Tensor>[] = [];

/** @internal Every concrete tensor reports here when it is made. */
export function trackInScope(tensor: Tensor): void {
  if (scopes.length > 0) scopes[scopes.length - 1].add(tensor);
}

/** @internal */
export function forgetInScope(tensor: Tensor): void {
  for (const scope of scopes) scope.delete(tensor);
}

/**
 * @internal Runs `f`; whatever it made and `keep` does not name is disposed, also when it throws. Inside a transform nothing is
 * disposed yet: its backward pass may need the values, and the outermost scope cleans up.
 */
export function scoped<T>(f: () => T, keep: (result: T) => Iterable<unknown>): T {
  if (insideTransform()) return f();
  const scope = new Set<Tensor>();
  scopes.push(scope);
  let kept: Iterable<unknown> = [];
  try {
    const result = f();
    kept = keep(result);
    return result;
  } finally {
    scopes.pop();
    for (const leaf of kept) {
      const tensor = leaf as Tensor;
      if (scope.delete(tensor)) trackInScope(tensor);
    }
    for (const tensor of scope) tensor.dispose();
  }
}
