import type { Primitive } from '../primitives/primitive.js';
import { applyViews, contiguous, type ViewOp } from '../tensor/layout.js';
import { sameShape, sizeOf } from '../tensor/shape.js';
import type { Graph, GraphNode } from '../trace/graph.js';

/** More loads or nodes than this in one fused loop spill registers without saving memory traffic. */
const MAX_LEAVES = 16;
const MAX_NODES = 96;

/** How a value is used: by which computing node (or as graph output), through which index renamings. */
interface Use {
  readonly consumer: number | 'output';
  readonly views: readonly ViewOp[];
}

/** Which values are computed together: `home[id]` is the root of the loop that computes node `id`. */
export interface Units {
  readonly live: readonly boolean[];
  /** Root of each computing node; a root is its own home. */
  homeOf(id: number): number;
  /** All values a root's loop writes, the root first. */
  readonly writes: ReadonlyMap<number, readonly number[]>;
}

const applied = (node: GraphNode) => (node.source.kind === 'apply' ? node.source : null);
const kindOf = (node: GraphNode): Primitive['kind'] | 'leaf' => applied(node)?.primitive.kind ?? 'leaf';

/**
 * Fusion. An elementwise value is computed inside the loop of its user when all its uses lie in that one loop at the same
 * index; a value needed elsewhere too is still written by that loop, if no way leads from it back into the loop.
 */
export function findUnits({ nodes, outputs }: Graph): Units {
  const live = markLive(nodes, outputs);
  const uses = findUses(nodes, outputs, live);
  const home = nodes.map((n) => n.id);
  const path = nodes.map((): readonly ViewOp[] => []);
  const members = new Map<number, number>();

  for (let id = nodes.length - 1; id >= 0; id--) {
    if (!live[id] || kindOf(nodes[id]) !== 'map') continue;
    const place = commonPlace(nodes, uses[id], home, path);
    if (!place) continue;
    const size = members.get(place.root) ?? 1;
    const expands = place.views.some(
      (v) => v.op === 'broadcast' && sizeOf(v.shape) > sizeOf(nodes[id].shape),
    );
    if (expands || size >= MAX_NODES || !applyViews(contiguous(nodes[id].shape), place.views)) continue;
    home[id] = place.root;
    path[id] = place.views;
    members.set(place.root, size + 1);
  }

  const units = joinWriters(nodes, live, uses, home, path);
  return { live, ...units };
}

function markLive(nodes: readonly GraphNode[], outputs: readonly number[]): boolean[] {
  const live = nodes.map(() => false);
  const stack = [...outputs];
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    if (live[id]) continue;
    live[id] = true;
    stack.push(...(applied(nodes[id])?.inputs ?? []));
  }
  return live;
}

/** Uses of every value, looking through views. */
function findUses(
  nodes: readonly GraphNode[],
  outputs: readonly number[],
  live: readonly boolean[],
): Use[][] {
  const uses: Use[][] = nodes.map(() => []);
  for (const id of outputs) uses[id].push({ consumer: 'output', views: [] });
  for (let id = nodes.length - 1; id >= 0; id--) {
    const source = applied(nodes[id]);
    if (!live[id] || !source) continue;
    const { primitive, inputs, params } = source;
    if (primitive.kind === 'view') {
      const view = primitive.view!(params);
      for (const use of uses[id]) uses[inputs[0]].push({ ...use, views: [view, ...use.views] });
    } else {
      for (const input of new Set(inputs)) uses[input].push({ consumer: id, views: [] });
    }
  }
  return uses;
}

/** The one loop and index renaming shared by all uses, or `null`. */
function commonPlace(
  nodes: readonly GraphNode[],
  uses: readonly Use[],
  home: readonly number[],
  path: readonly (readonly ViewOp[])[],
): { root: number; views: readonly ViewOp[] } | null {
  let found: { root: number; views: readonly ViewOp[]; key: string } | null = null;
  for (const { consumer, views } of uses) {
    if (consumer === 'output') return null;
    const kind = kindOf(nodes[consumer]);
    if (kind === 'kernel') return null;
    const all = kind === 'map' ? [...views, ...path[consumer]] : views;
    const root = home[consumer];
    const key = JSON.stringify(all);
    if (found && (found.root !== root || found.key !== key)) return null;
    found ??= { root, views: all, key };
  }
  return found;
}

/** Lets the loop of a user also write values that others need: one pass instead of two. */
function joinWriters(
  nodes: readonly GraphNode[],
  live: readonly boolean[],
  uses: readonly (readonly Use[])[],
  home: number[],
  path: readonly (readonly ViewOp[])[],
): Pick<Units, 'homeOf' | 'writes'> {
  const parent = nodes.map((n) => n.id);
  const find = (id: number): number => (parent[id] === id ? id : (parent[id] = find(parent[id])));
  const homeOf = (id: number): number => find(home[id]);

  // Users and leaves of each root, kept up to date as roots join.
  const users = new Map<number, Set<number>>();
  const leaves = new Map<number, Set<number>>();
  const edge = (from: number, to: number): void => {
    if (from === to) return;
    (users.get(from) ?? users.set(from, new Set()).get(from)!).add(to);
    (leaves.get(to) ?? leaves.set(to, new Set()).get(to)!).add(from);
  };
  const isComputed = (id: number): boolean => live[id] && kindOf(nodes[id]) !== 'view';
  for (const node of nodes) {
    if (!isComputed(node.id)) continue;
    for (const { consumer } of uses[node.id]) if (consumer !== 'output') edge(home[node.id], home[consumer]);
  }
  const reaches = (from: number, to: number, except: number): boolean => {
    const stack = [...(users.get(from) ?? [])].map(find).filter((u) => u !== except && u !== from);
    const seen = new Set(stack);
    for (let u = stack.pop(); u !== undefined; u = stack.pop()) {
      if (u === to) return true;
      for (const next of users.get(u) ?? []) {
        const v = find(next);
        if (!seen.has(v)) {
          seen.add(v);
          stack.push(v);
        }
      }
    }
    return false;
  };
  const writes = new Map<number, number[]>();
  for (let id = nodes.length - 1; id >= 0; id--) {
    if (!isComputed(id) || home[id] !== id) continue;
    writes.set(id, [id]);
    if (kindOf(nodes[id]) !== 'map') continue;
    for (const target of new Set([...(users.get(id) ?? [])].map(find))) {
      if (
        target === id ||
        kindOf(nodes[target]) !== 'map' ||
        !sameShape(nodes[id].shape, nodes[target].shape)
      )
        continue;
      const inside = uses[id].filter((u) => u.consumer !== 'output' && homeOf(u.consumer) === target);
      const identity = inside.every((u) => u.views.length === 0 && path[u.consumer as number].length === 0);
      const count = new Set([...(leaves.get(target) ?? []), ...(leaves.get(id) ?? [])]).size;
      if (!identity || count > MAX_LEAVES || reaches(id, target, target)) continue;
      parent[id] = target;
      writes.get(target)!.push(id);
      writes.delete(id);
      for (const u of users.get(id) ?? []) edge(target, find(u));
      for (const l of leaves.get(id) ?? []) edge(find(l), target);
      break;
    }
  }
  return { homeOf, writes };
}
