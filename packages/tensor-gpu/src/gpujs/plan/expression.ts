import type { ExpressionNode } from '../../lower/program.js';
import { numberText } from './text.js';

type Applied = Extract<ExpressionNode, { args: readonly number[] }>;
type Template = (...args: string[]) => string;

const call =
  (name: string): Template =>
  (...args) =>
    `${name}(${args.join(', ')})`;
const infix =
  (op: string): Template =>
  (x, y) =>
    `(${x} ${op} ${y})`;

/** Operations by name: the same text for float32, and for int32 and bool while they are small enough to be exact. */
const templates: Record<string, Template> = {
  neg: (x) => `(-${x})`,
  abs: call('Math.abs'),
  sqrt: call('Math.sqrt'),
  rsqrt: (x) => `(1 / Math.sqrt(${x}))`,
  reciprocal: (x) => `(1 / ${x})`,
  add: infix('+'),
  sub: infix('-'),
  mul: infix('*'),
  div: infix('/'),
  sign: call('wlSign'),
  floor: call('wlFloor'),
  ceil: call('wlCeil'),
  round: call('wlRound'),
  exp: call('wlExp'),
  expm1: call('wlExpm1'),
  log: call('wlLog'),
  log1p: call('wlLog1p'),
  sin: call('wlSin'),
  cos: call('wlCos'),
  tanh: call('wlTanh'),
  sigmoid: call('wlSigmoid'),
  erf: call('wlErf'),
  pow: call('wlPow'),
  mod: call('wlMod'),
  maximum: call('wlMaximum'),
  minimum: call('wlMinimum'),
  eq: (x, y) => (x === y ? `wlIsNumber(${x})` : `wlEqual(${x}, ${y})`),
  ne: (x, y) => (x === y ? `wlNot(wlIsNumber(${x}))` : `wlNotEqual(${x}, ${y})`),
  lt: call('wlLess'),
  le: call('wlLessEqual'),
  gt: call('wlGreater'),
  ge: call('wlGreaterEqual'),
  and: call('wlAnd'),
  or: call('wlOr'),
  not: call('wlNot'),
  select: call('wlSelect'),
};

/** Why an expression cannot be written as a kernel, or `null`. Storage dtypes have no exact rounding without bit operations. */
export function refusalOf(nodes: readonly ExpressionNode[]): string | null {
  for (const node of nodes) {
    if (node.op === 'cast' && !['float32', 'int32', 'bool'].includes(node.dtype))
      return `cast to ${node.dtype}`;
    if ('args' in node && node.op !== 'cast' && !templates[node.op]) return node.op;
    if ('of' in node && (node.op === 'and' || node.op === 'or' || node.op === 'not') && node.of !== 'bool') {
      return `bitwise ${node.op}`;
    }
  }
  return null;
}

function castText(node: Extract<ExpressionNode, { op: 'cast' }>, x: string): string {
  const whole = node.from === 'int32' || node.from === 'bool' || node.from === 'int8';
  if (node.dtype === 'bool') return node.from === 'bool' ? x : `wlTruth(${x})`;
  return node.dtype === 'int32' && !whole ? `wlTrunc(${x})` : x;
}

/** Nodes a result depends on, itself included. */
export function neededFor(nodes: readonly ExpressionNode[], result: number): Set<number> {
  const needed = new Set<number>();
  const visit = (i: number): void => {
    if (needed.has(i)) return;
    needed.add(i);
    const node = nodes[i];
    if ('args' in node) node.args.forEach(visit);
  };
  visit(result);
  return needed;
}

/** Statements that compute node `result`, and the text of its value; `load(i)` gives the text of input `i`. */
export function expressionText(
  nodes: readonly ExpressionNode[],
  result: number,
  load: (input: number) => string,
): { lines: string[]; value: string } {
  const needed = neededFor(nodes, result);
  const lines: string[] = [];
  const names: string[] = [];
  nodes.forEach((node, i) => {
    if (!needed.has(i)) return;
    if (node.op === 'literal') {
      names[i] = numberText((node as Extract<ExpressionNode, { op: 'literal' }>).value);
      return;
    }
    names[i] = `n${i}`;
    lines.push(`const n${i} = ${textOf(node, names, load)};`);
  });
  return { lines, value: names[result] };
}

function textOf(node: ExpressionNode, names: readonly string[], load: (input: number) => string): string {
  if (node.op === 'load') return load((node as Extract<ExpressionNode, { op: 'load' }>).input);
  const args = (node as Applied).args.map((a) => names[a]);
  if (node.op === 'cast') return castText(node as Extract<ExpressionNode, { op: 'cast' }>, args[0]);
  return templates[node.op](...args);
}
