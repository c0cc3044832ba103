import type { ExpressionNode } from '../../lower/program.js';
import { contiguous } from '../../tensor/layout.js';
import type { Shape } from '../../tensor/shape.js';
import { neededFor } from './expression.js';
import { distinct, keyOf, type Leaf, MAX_ARGS, type Ref, type Temporaries } from './pass.js';

/** An elementwise expression over leaves; `load` nodes name them by position. */
export interface Expression {
  readonly nodes: readonly ExpressionNode[];
  readonly leaves: readonly Leaf[];
  readonly result: number;
}

type Load = Extract<ExpressionNode, { op: 'load' }>;

/** Distinct arrays each node reads. */
function readsOf({ nodes, leaves }: Expression): Set<string>[] {
  const reads: Set<string>[] = [];
  nodes.forEach((node, i) => {
    if (node.op === 'load') reads[i] = new Set([keyOf(leaves[(node as Load).input].ref)]);
    else reads[i] = new Set('args' in node ? node.args.flatMap((a) => [...reads[a]]) : []);
  });
  return reads;
}

/**
 * Cuts an expression that reads more arrays than a kernel may have: parts of it go into temporaries of their own.
 * Returns the parts, in order, and what remains.
 */
export function splitExpression(
  expression: Expression,
  shape: Shape,
  temporaries: Temporaries,
): { parts: readonly { readonly expression: Expression; readonly target: Ref }[]; rest: Expression } {
  const parts: { expression: Expression; target: Ref }[] = [];
  let rest = expression;
  for (;;) {
    const reads = readsOf(rest);
    const needed = neededFor(rest.nodes, rest.result);
    const wide = rest.nodes.findIndex((_, i) => needed.has(i) && reads[i].size > MAX_ARGS);
    if (wide < 0) return { parts, rest };
    // Its arguments read few enough arrays each; the one that reads most is computed beforehand.
    const { args } = rest.nodes[wide] as Extract<ExpressionNode, { args: readonly number[] }>;
    const part = args.reduce((best, a) => (reads[a].size > reads[best].size ? a : best));
    const target = temporaries.next();
    parts.push({ expression: { ...rest, result: part }, target });
    const load: ExpressionNode = { op: 'load', input: rest.leaves.length, dtype: rest.nodes[part].dtype };
    rest = {
      nodes: rest.nodes.with(part, load),
      leaves: [...rest.leaves, { ref: target, layout: contiguous(shape) }],
      result: rest.result,
    };
  }
}

/** The leaves an expression really reads, with its loads renumbered to them. */
export function prune({ nodes, leaves, result }: Expression): Expression {
  const needed = neededFor(nodes, result);
  const used = leaves.map((_, k) =>
    nodes.some((n, i) => needed.has(i) && n.op === 'load' && (n as Load).input === k),
  );
  const place = leaves.map((_, k) => used.slice(0, k).filter(Boolean).length);
  return {
    nodes: nodes.map((n) => (n.op === 'load' ? { ...(n as Load), input: place[(n as Load).input] } : n)),
    leaves: leaves.filter((_, k) => used[k]),
    result,
  };
}

export const refsOf = ({ leaves }: Expression): Ref[] => distinct(leaves.map((l) => l.ref));
