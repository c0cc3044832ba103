import { DTypeError } from '../errors.js';
import { Tensor } from '../tensor/tensor.js';

/** Nested plain arrays and objects with tensors and numbers at their leaves; `null` and `undefined` hold no leaf. */
export type Tree = unknown;

/** The shape of a tree without its leaves; `key` is equal exactly for trees of equal structure. */
export interface TreeDef {
  readonly key: string;
  readonly count: number;
  build(leaves: readonly unknown[]): unknown;
}

const isPlain = (value: object): value is Record<string, unknown> => {
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === null || proto === Object.prototype;
};

/**
 * Takes a tree apart into its leaves (in insertion order of keys, sorted by name so that equal records give equal leaves)
 * and the recipe to put it back together. Strings and booleans are part of the structure, not leaves.
 */
export function flatten(tree: Tree, where = 'tree'): { leaves: (Tensor | number)[]; def: TreeDef } {
  const leaves: (Tensor | number)[] = [];
  const visit = (node: unknown, path: string): { key: string; build: (next: () => unknown) => unknown } => {
    if (node instanceof Tensor || typeof node === 'number') {
      leaves.push(node);
      return { key: '*', build: (next) => next() };
    }
    if (node === null || node === undefined || typeof node === 'string' || typeof node === 'boolean') {
      return { key: typeof node === 'string' ? JSON.stringify(node) : String(node), build: () => node };
    }
    if (Array.isArray(node)) {
      const parts = node.map((child, i) => visit(child, `${path}[${i}]`));
      return {
        key: `[${parts.map((p) => p.key).join(',')}]`,
        build: (next) => parts.map((p) => p.build(next)),
      };
    }
    if (typeof node === 'object' && isPlain(node)) {
      const bare = Object.getPrototypeOf(node) === null;
      const parts = Object.keys(node)
        .sort()
        .map((name) => ({ name, ...visit(node[name], `${path}.${name}`) }));
      return {
        key: `${bare ? 'n' : ''}{${parts.map((p) => `${JSON.stringify(p.name)}:${p.key}`).join(',')}}`,
        build: (next) => {
          const out = (bare ? Object.create(null) : {}) as Record<string, unknown>;
          for (const p of parts) out[p.name] = p.build(next);
          return out;
        },
      };
    }
    throw new DTypeError({
      where,
      expected: 'a tree of tensors, numbers, arrays and plain objects',
      received: `${typeof node === 'object' ? (node as object).constructor.name : typeof node} at ${path}`,
    });
  };
  const { key, build } = visit(tree, where);
  const count = leaves.length;
  return {
    leaves,
    def: {
      key,
      count,
      build: (values) => {
        let i = 0;
        return build(() => values[i++]);
      },
    },
  };
}

/** Applies `f` to every leaf, keeping the structure. */
export function treeMap<T>(f: (leaf: Tensor | number) => unknown, tree: T): T {
  const { leaves, def } = flatten(tree);
  return def.build(leaves.map(f)) as T;
}

/** The leaves of a tree, in the order every transform uses. */
export const treeLeaves = (tree: Tree): (Tensor | number)[] => flatten(tree).leaves;
