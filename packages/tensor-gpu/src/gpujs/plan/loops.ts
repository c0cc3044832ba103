import type { MapStep, Operand, ReduceStep } from '../../lower/program.js';
import { contiguous, isContiguous, type Layout } from '../../tensor/layout.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import { expressionText, refusalOf } from './expression.js';
import { buffer, type Leaf, type Pass, type Plan, type Ref, Temporaries } from './pass.js';
import { type Expression, prune, refsOf, splitExpression } from './split.js';
import { accumulate, argNames, type Axis, axesOf, indexText, pass, unravel } from './text.js';

const leafOf = ({ buffer: index, layout }: Operand): Leaf => ({ ref: buffer(index), layout });
const isStorage = ({ dtype }: Operand): boolean => !['float32', 'int32', 'bool'].includes(dtype);

/** Whether a leaf is read where the result is written, or is one number. */
const isAligned = ({ offset, shape, strides }: Layout): boolean =>
  offset === 0 &&
  (isContiguous({ offset, shape, strides }) || strides.every((s, a) => s === 0 || shape[a] === 1));

/** Whether kernels need no index but that of the cell they compute, which is exact beyond 2^24 in some modes. */
export const isDirect = (step: MapStep): boolean =>
  [...step.inputs, ...step.outputs.map((o) => o.target)].every(({ layout }) => isAligned(layout));

/** The element of leaf `k` at index variables of some axes. */
const loadText = (
  leaf: Leaf,
  k: number,
  nameOf: (ref: Ref) => string,
  groups: readonly { readonly axes: readonly Axis[]; readonly prefix: string }[],
): string => {
  const terms = groups.flatMap(({ axes, prefix }) =>
    axes.map((a, i) => [`${prefix}${i}`, a.strides[k]] as const),
  );
  return `${nameOf(leaf.ref)}[${indexText(leaf.layout.offset, terms)}]`;
};

/** `target[…] = expression` over a shape, in row-major order. */
function mapPasses(whole: Expression, shape: Shape, target: Ref, temporaries: Temporaries): Pass[] {
  const { parts, rest } = splitExpression(whole, shape, temporaries);
  const one = (expression: Expression, result: Ref): Pass => {
    const { nodes, leaves, result: node } = prune(expression);
    const { args, nameOf } = argNames(refsOf({ nodes, leaves, result: node }));
    const every = shape.map((_, i) => i);
    const output: Leaf = { ref: result, layout: contiguous(shape) };
    const axes = axesOf(shape, every, [...leaves, output]);
    const aligned = leaves.every(({ layout }) => isAligned(layout));
    const { lines, value } = expressionText(nodes, node, (k) => {
      if (!aligned) return loadText(leaves[k], k, nameOf, [{ axes, prefix: 'i' }]);
      const { ref, layout } = leaves[k];
      return `${nameOf(ref)}[${isContiguous(layout) && sizeOf(shape) > 1 ? 'this.thread.x' : '0'}]`;
    });
    const indices = unravel(
      'this.thread.x',
      axes.map((a) => a.size),
      'i',
    );
    const read = lines.some((l) => /\bi\d/.test(l));
    return pass(args, result, sizeOf(shape), [...(read ? indices : []), ...lines, `return ${value};`]);
  };
  return [...parts.map(({ expression, target: t }) => one(expression, t)), one(rest, target)];
}

/** An elementwise step: one kernel per output. */
export function planMap(step: MapStep): Plan {
  const [first] = step.nodes;
  const isCopy = step.nodes.length === 1 && first.op === 'load';
  const refused = refusalOf(step.nodes);
  if (refused) return { refused };
  const stored = step.outputs.find((o) => isStorage(o.target));
  if (stored && !isCopy) return { refused: `arithmetic stored as ${stored.target.dtype}` };
  const temporaries = new Temporaries();
  return {
    passes: step.outputs.flatMap(({ node, target }) =>
      mapPasses(
        { nodes: step.nodes, leaves: step.inputs.map(leafOf), result: node },
        step.shape,
        buffer(target.buffer),
        temporaries,
      ),
    ),
  };
}

const combiners = {
  sum: { neutral: 'wlNumber(0)', combine: (a: string, b: string): string => `${a} + ${b}` },
  prod: { neutral: 'wlNumber(1)', combine: (a: string, b: string): string => `${a} * ${b}` },
  max: { neutral: '-wlInfinity(0.5)', combine: (a: string, b: string): string => `wlMaximum(${a}, ${b})` },
  min: { neutral: 'wlInfinity(0.5)', combine: (a: string, b: string): string => `wlMinimum(${a}, ${b})` },
};

/** Long reductions to few cells first make this many terms into one, in parallel. */
const CHUNK = 1024;
const FEW_CELLS = 4096;

/** `result = reduce(expression)`; terms are those of `axes`, cells those of the other axes. */
function reducePass(
  op: ReduceStep['op'],
  { nodes, leaves, result: node }: Expression,
  shape: Shape,
  axes: readonly number[],
  result: Ref,
  chunks: number,
): Pass {
  const { args, nameOf } = argNames(leaves.map((l) => l.ref));
  const keptAxes = shape.flatMap((_, a) => (axes.includes(a) ? [] : [a]));
  const kept = axesOf(shape, keptAxes, leaves);
  const reduced = axesOf(shape, axes, leaves);
  const cells = sizeOf(keptAxes.map((a) => shape[a]));
  const terms = sizeOf(axes.map((a) => shape[a]));
  const groups = [
    { axes: kept, prefix: 'i' },
    { axes: reduced, prefix: 'r' },
  ];
  const { neutral, combine } = combiners[op];
  const term = (at: string): string[] => {
    const { lines, value } = expressionText(nodes, node, (k) => loadText(leaves[k], k, nameOf, groups));
    return [
      ...unravel(
        at,
        reduced.map((a) => a.size),
        'r',
      ),
      ...lines,
      `const term = ${value};`,
    ];
  };
  const cell = chunks === 1 ? 'this.thread.x' : 'cell';
  const head =
    chunks === 1
      ? []
      : [
          `const cell = wlQuotient(this.thread.x, ${chunks});`,
          `const chunk = this.thread.x - cell * ${chunks};`,
        ];
  const body =
    chunks === 1
      ? accumulate(terms, neutral, combine, term)
      : // Terms past the end of the last chunk repeat the last one and are left out.
        accumulate(CHUNK, `${neutral}`, combine, (k) => [
          `const at = chunk * ${CHUNK} + ${k};`,
          ...term(`Math.min(at, ${terms - 1})`).map((l) => l.replace('const term =', 'const value =')),
          `const term = wlSelect(wlLess(at, ${terms}), value, ${neutral});`,
        ]);
  return pass(args, result, cells * chunks, [
    ...head,
    ...unravel(
      cell,
      kept.map((a) => a.size),
      'i',
    ),
    ...body,
    'return total;',
  ]);
}

/** A reduction: long ones in stages. A reduction over nothing is not planned: its result is known. */
export function planReduce(step: ReduceStep): Plan {
  const refused = refusalOf(step.nodes);
  if (refused) return { refused };
  if (isStorage(step.output)) return { refused: `${step.op} stored as ${step.output.dtype}` };
  const temporaries = new Temporaries();
  const whole: Expression = { nodes: step.nodes, leaves: step.inputs.map(leafOf), result: step.node };
  const { parts, rest } = splitExpression(whole, step.shape, temporaries);
  const passes = parts.flatMap(({ expression, target }) =>
    mapPasses(expression, step.shape, target, temporaries),
  );
  const cells = sizeOf(step.output.layout.shape);
  let current = prune(rest);
  let [shape, axes] = [step.shape, step.axes];
  let terms = sizeOf(axes.map((a) => shape[a]));
  while (cells < FEW_CELLS && terms > CHUNK) {
    const chunks = Math.ceil(terms / CHUNK);
    const partial = temporaries.next();
    passes.push(reducePass(step.op, current, shape, axes, partial, chunks));
    [shape, axes, terms] = [[cells, chunks], [1], chunks];
    current = {
      nodes: [{ op: 'load', input: 0, dtype: step.output.dtype }],
      leaves: [{ ref: partial, layout: contiguous(shape) }],
      result: 0,
    };
  }
  passes.push(reducePass(step.op, current, shape, axes, buffer(step.output.buffer), 1));
  return { passes };
}
