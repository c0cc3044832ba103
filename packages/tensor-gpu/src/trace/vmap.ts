import { ShapeError, TraceError } from '../errors.js';
import { add } from '../primitives/elementwise.js';
import { broadcastTo, concat, reshape, slice, transpose } from '../primitives/movement.js';
import type { Primitive } from '../primitives/primitive.js';
import { normalizeAxis } from '../tensor/shape.js';
import { fromHost, Tensor } from '../tensor/tensor.js';
import { type Trace, withTrace } from './trace.js';
import { flatten } from './tree.js';

/** Batching: a value stands for `size` values, stacked on axis 0 one level below. */
class BatchTrace implements Trace {
  readonly name = 'vmap';
  active = true;
  readonly level: number;
  readonly size: number;

  constructor(level: number, size: number) {
    this.level = level;
    this.size = size;
  }

  wrap(stacked: Tensor): Tensor {
    return new Tensor(stacked.shape.slice(1), stacked.dtype, { trace: this, payload: stacked });
  }

  stackedOf(t: Tensor): Tensor | null {
    return t.trace === this ? (t.payload as Tensor) : null;
  }

  process<P>(primitive: Primitive<P>, inputs: readonly Tensor[], params: P): Tensor {
    const stacked = inputs.map((t) => this.stackedOf(t));
    const out = primitive.batch({
      inputs: inputs.map((t, i) => stacked[i] ?? t),
      batched: stacked.map((t) => t !== null),
      size: this.size,
      params,
    });
    return this.wrap(out);
  }
}

/** A tree prefix of axes: a number for every leaf below, `null` for shared leaves. */
export type InAxes = number | null | readonly InAxes[] | { readonly [name: string]: InAxes };

export interface VmapOptions {
  /** Where the examples lie, per argument as a tree prefix; `null` means shared by all. Default: 0 everywhere. */
  readonly inAxes?: InAxes;
  /** Where they lie in the result. Default: 0 everywhere. */
  readonly outAxes?: number;
  /** At most this many examples at once: bounds memory. Default: all. */
  readonly chunkSize?: number;
  /**
   * Folds the stacked results of each chunk, e.g. clip and sum, so that per-example results need not all exist at once;
   * chunks are added up.
   */
  readonly reduce?: (results: unknown) => unknown;
}

const asTensor = (leaf: Tensor | number): Tensor =>
  typeof leaf === 'number' ? fromHost(new Float32Array([leaf]), [], 'float32') : leaf;

/** Spreads a tree prefix over the leaves of one argument. */
function axesFor(prefix: InAxes | undefined, tree: unknown, where: string): (number | null)[] {
  if (prefix === undefined || prefix === null || typeof prefix === 'number') {
    return flatten(tree, where).leaves.map(() => (prefix === undefined ? 0 : prefix));
  }
  if (typeof tree !== 'object' || tree === null || tree instanceof Tensor) {
    throw new TraceError({
      where,
      expected: 'inAxes shaped like the argument, or a number or null',
      received: 'a deeper tree',
    });
  }
  const names = Array.isArray(tree) ? Object.keys(tree) : Object.keys(tree).sort();
  return names.flatMap((name) => {
    const inner = (prefix as Record<string, InAxes>)[name];
    if (inner === undefined) {
      throw new TraceError({ where, expected: `an entry for "${name}" in inAxes`, received: 'none' });
    }
    return axesFor(inner, (tree as Record<string, unknown>)[name], `${where}.${name}`);
  });
}

const toFront = (t: Tensor, axis: number): Tensor => {
  const a = normalizeAxis('vmap', axis, t.shape.length);
  return transpose(t, [a, ...t.shape.map((_, i) => i).filter((i) => i !== a)]);
};
const fromFront = (t: Tensor, axis: number): Tensor => {
  const a = normalizeAxis('vmap: outAxes', axis, t.shape.length);
  const perm = t.shape.slice(1).map((_, i) => i + 1);
  perm.splice(a, 0, 0);
  return transpose(t, perm);
};
const rows = (t: Tensor, from: number, count: number): Tensor =>
  slice(t, {
    starts: t.shape.map((_, i) => (i === 0 ? from : 0)),
    sizes: [count, ...t.shape.slice(1)],
    steps: t.shape.map(() => 1),
  });

/**
 * Maps `f` over examples without running it example by example: every operation has a batched form. Nests with the other
 * transforms; `vmap(grad(loss), { inAxes: [null, 0, 0] })` gives per-example gradients.
 *
 * @throws {ShapeError} when mapped arguments differ in their number of examples, or there is none
 */
export function vmap<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options: VmapOptions = {},
): (...args: A) => R {
  const { inAxes = 0, outAxes = 0, chunkSize, reduce } = options;
  if (chunkSize !== undefined && (!Number.isInteger(chunkSize) || chunkSize < 1)) {
    throw new ShapeError({ where: 'vmap', expected: 'chunkSize ≥ 1', received: String(chunkSize) });
  }
  return (...args: A): R => {
    const { leaves, def } = flatten(args, 'vmap: arguments');
    const tensors = leaves.map(asTensor);
    const prefix = typeof inAxes === 'number' || inAxes === null ? args.map(() => inAxes) : inAxes;
    const axes = axesFor(prefix, args, 'vmap');
    const mapped = tensors.map((t, i) => (axes[i] === null ? t : toFront(t, axes[i])));
    const sizes = new Set(mapped.flatMap((t, i) => (axes[i] === null ? [] : [t.shape[0]])));
    if (sizes.size !== 1) {
      throw new ShapeError({
        where: 'vmap',
        expected: 'one number of examples in all mapped arguments',
        received: sizes.size === 0 ? 'no mapped argument' : [...sizes].join(' and '),
      });
    }
    const [size] = sizes;
    const chunk = Math.min(chunkSize ?? size, size) || 1;
    const runChunk = (from: number, count: number): unknown =>
      withTrace(
        (level) => new BatchTrace(level, count),
        (trace) => {
          const values = mapped.map((t, i) =>
            axes[i] === null ? t : trace.wrap(count === size ? t : rows(t, from, count)),
          );
          const result = flatten(f(...(def.build(values) as A)), 'vmap: the result of the function');
          return result.def.build(
            result.leaves.map((leaf) => {
              const t = asTensor(leaf);
              const stacked =
                trace.stackedOf(t) ?? broadcastTo(reshape(t, [1, ...t.shape]), [count, ...t.shape]);
              return stacked;
            }),
          );
        },
      );
    const parts: unknown[] = [];
    for (let from = 0; from < size; from += chunk) {
      const result = runChunk(from, Math.min(chunk, size - from));
      if (!reduce) parts.push(result);
      else {
        const folded = reduce(result);
        parts[0] = parts.length ? mapTrees((a, b) => add(a, b), parts[0], folded) : folded;
      }
    }
    if (parts.length === 0) parts.push(runChunk(0, 0));
    if (reduce) return parts[0] as R;
    const flat = parts.map((p) => flatten(p));
    return flat[0].def.build(
      flat[0].leaves.map((_, i) =>
        fromFront(
          concat(
            flat.map((p) => p.leaves[i] as Tensor),
            0,
          ),
          outAxes,
        ),
      ),
    ) as R;
  };
}

function mapTrees(f: (a: Tensor, b: Tensor) => Tensor, x: unknown, y: unknown): unknown {
  const [a, b] = [flatten(x), flatten(y)];
  if (a.def.key !== b.def.key) {
    throw new TraceError({
      where: 'vmap',
      expected: `reduce to return ${a.def.key} for every chunk`,
      received: b.def.key,
    });
  }
  return a.def.build(a.leaves.map((leaf, i) => f(asTensor(leaf), asTensor(b.leaves[i]))));
}
