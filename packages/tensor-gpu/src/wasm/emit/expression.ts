import type { ExpressionNode } from '../../lower/program.js';
import type { DType } from '../../tensor/dtype.js';
import { type FunctionBuilder, simd } from './assembler.js';
import { mathCalls, type MathName } from './math.js';

const isMath = (name: string): name is MathName => name in mathCalls;

/** Math functions an expression needs, callees first. */
export function mathOf(nodes: readonly ExpressionNode[]): MathName[] {
  const found: MathName[] = [];
  const visit = (name: MathName): void => {
    mathCalls[name].forEach(visit);
    if (!found.includes(name)) found.push(name);
  };
  for (const { op } of nodes) if (isMath(op)) visit(op);
  return found;
}

const floatUnary: Record<string, number> = {
  neg: simd.f32x4Neg,
  abs: simd.f32x4Abs,
  floor: simd.f32x4Floor,
  ceil: simd.f32x4Ceil,
  round: simd.f32x4Nearest,
  sqrt: simd.f32x4Sqrt,
};
const floatBinary: Record<string, number> = {
  add: simd.f32x4Add,
  sub: simd.f32x4Sub,
  mul: simd.f32x4Mul,
  div: simd.f32x4Div,
  maximum: simd.f32x4Max,
  minimum: simd.f32x4Min,
  eq: simd.f32x4Eq,
  ne: simd.f32x4Ne,
  lt: simd.f32x4Lt,
  le: simd.f32x4Le,
  gt: simd.f32x4Gt,
  ge: simd.f32x4Ge,
};
const intUnary: Record<string, number> = { neg: simd.i32x4Neg, abs: simd.i32x4Abs };
const intBinary: Record<string, number> = {
  add: simd.i32x4Add,
  sub: simd.i32x4Sub,
  mul: simd.i32x4Mul,
  maximum: simd.i32x4MaxS,
  minimum: simd.i32x4MinS,
  eq: simd.i32x4Eq,
  ne: simd.i32x4Ne,
  lt: simd.i32x4LtS,
  le: simd.i32x4LeS,
  gt: simd.i32x4GtS,
  ge: simd.i32x4GeS,
  and: simd.and,
  or: simd.or,
};

/**
 * Emits the nodes in order, each into a local; in registers float32, int32 and bool (all bits set or none) stand in four
 * lanes, the storage dtypes as float32. Returns the locals of `wanted`.
 */
export function emitExpression(
  f: FunctionBuilder,
  nodes: readonly ExpressionNode[],
  wanted: readonly number[],
  load: (node: { readonly input: number; readonly dtype: DType }) => void,
  literal: (index: number) => number,
  math: (name: MathName) => number,
): number[] {
  const lastUse = nodes.map((_, i) => i);
  nodes.forEach((node, i) => {
    if ('args' in node) for (const a of node.args) lastUse[a] = i;
  });
  for (const w of wanted) lastUse[w] = nodes.length;
  const at: number[] = [];
  nodes.forEach((node, i) => {
    if (node.op === 'literal') {
      at[i] = literal(i);
      return;
    }
    if (node.op === 'load') load(node as Extract<ExpressionNode, { op: 'load' }>);
    else emitNode(f, node as Applied, at, math);
    const local = f.local('v128');
    f.set(local);
    at[i] = local;
    if ('args' in node) {
      for (const a of new Set(node.args)) if (lastUse[a] === i && nodes[a].op !== 'literal') f.release(at[a]);
    }
  });
  return wanted.map((w) => at[w]);
}

/** Gives back the locals of results once they are stored. */
export function releaseResults(
  f: FunctionBuilder,
  nodes: readonly ExpressionNode[],
  wanted: readonly number[],
  locals: readonly number[],
): void {
  const seen = new Set<number>();
  wanted.forEach((w, i) => {
    if (nodes[w].op !== 'literal' && !seen.has(w)) f.release(locals[i]);
    seen.add(w);
  });
}

type Applied = Extract<ExpressionNode, { args: readonly number[] }>;

function emitNode(
  f: FunctionBuilder,
  node: Applied,
  at: readonly number[],
  math: (name: MathName) => number,
): void {
  const { op, args } = node;
  if (op === 'cast') {
    f.get(at[args[0]]);
    emitCast(f, (node as Extract<ExpressionNode, { op: 'cast' }>).from, node.dtype);
    return;
  }
  const isInt = 'of' in node && node.of !== 'float32';
  const [a, b] = args.map((i) => at[i]);
  switch (op) {
    case 'select':
      f.get(at[args[1]]).get(at[args[2]]).get(a).simd(simd.bitselect);
      return;
    case 'not':
      f.get(a).simd(simd.not);
      return;
    case 'sign':
      if (isInt) {
        f.get(a).lanes(1).simd(simd.i32x4MinS).lanes(-1).simd(simd.i32x4MaxS);
        return;
      }
      // ±1 with the sign of x; 0 and NaN stay themselves.
      f.f32(1).get(a).lanes(-0x80000000).simd(simd.and).simd(simd.or).get(a);
      f.get(a).simd(simd.f32x4Abs).f32(0).simd(simd.f32x4Gt).simd(simd.bitselect);
      return;
    case 'rsqrt':
      f.f32(1).get(a).simd(simd.f32x4Sqrt).simd(simd.f32x4Div);
      return;
    case 'reciprocal':
      f.f32(1).get(a).simd(simd.f32x4Div);
      return;
    case 'mod':
      f.get(a)
        .get(b)
        .get(a)
        .get(b)
        .simd(simd.f32x4Div)
        .simd(simd.f32x4Floor)
        .simd(simd.f32x4Mul)
        .simd(simd.f32x4Sub);
      return;
  }
  for (const i of args) f.get(at[i]);
  if (isMath(op)) {
    f.call(math(op));
    return;
  }
  const table = args.length === 1 ? (isInt ? intUnary : floatUnary) : isInt ? intBinary : floatBinary;
  if (table[op] === undefined) throw new Error(`no wasm code for ${op} on ${isInt ? 'int32' : 'float32'}`);
  f.simd(table[op]);
}

/** The value on the stack from one dtype's register form to another's. */
function emitCast(f: FunctionBuilder, from: DType, to: DType): void {
  const source = from === 'int32' || from === 'bool' ? from : 'float32';
  if (to === 'bool') {
    if (source === 'int32') f.lanes(0).simd(simd.i32x4Ne);
    if (source === 'float32') f.f32(0).simd(simd.f32x4Ne);
  } else if (to === 'int32') {
    if (source === 'bool') f.lanes(1).simd(simd.and);
    if (source === 'float32') f.simd(simd.i32x4TruncSatF32x4S);
  } else {
    if (source === 'int32') f.simd(simd.f32x4ConvertI32x4S);
    if (source === 'bool') f.f32(1).simd(simd.and);
    if (to === 'int8') f.simd(simd.f32x4Nearest).f32(-128).simd(simd.f32x4Max).f32(127).simd(simd.f32x4Min);
    if (to === 'bfloat16' || to === 'float16') {
      const value = f.local('v128');
      f.set(value);
      encodeHalf(f, to, value);
      decodeHalf(f, to);
      f.release(value);
    }
  }
}

/** float32 in `value` → 16-bit codes in int32 lanes on the stack, rounding half to even; NaN stays NaN. */
export function encodeHalf(f: FunctionBuilder, to: 'bfloat16' | 'float16', value: number): void {
  if (to === 'bfloat16') {
    f.get(value).i32(16).simd(simd.i32x4ShrU).lanes(0x40).simd(simd.or);
    f.get(value).lanes(0x7fff).simd(simd.i32x4Add);
    f.get(value)
      .i32(16)
      .simd(simd.i32x4ShrU)
      .lanes(1)
      .simd(simd.and)
      .simd(simd.i32x4Add)
      .i32(16)
      .simd(simd.i32x4ShrU);
    f.get(value).get(value).simd(simd.f32x4Ne).simd(simd.bitselect);
    return;
  }
  const a = f.local('v128');
  f.get(value).simd(simd.f32x4Abs).set(a);
  // Subnormal results: adding 0.5 aligns the mantissa.
  f.get(a).f32(0.5).simd(simd.f32x4Add).lanes(0x3f000000).simd(simd.i32x4Sub);
  // Normal results: rebias, round half to even.
  f.get(a)
    .lanes(0xfff - (112 << 23))
    .simd(simd.i32x4Add);
  f.get(a)
    .i32(13)
    .simd(simd.i32x4ShrU)
    .lanes(1)
    .simd(simd.and)
    .simd(simd.i32x4Add)
    .i32(13)
    .simd(simd.i32x4ShrU);
  f.get(a)
    .f32(2 ** -14)
    .simd(simd.f32x4Lt)
    .simd(simd.bitselect);
  // 65520 and above round to infinity.
  const code = f.local('v128');
  f.set(code);
  f.lanes(0x7c00).get(code).get(a).f32(65520).simd(simd.f32x4Ge).simd(simd.bitselect).set(code);
  f.lanes(0x7e00).get(code).get(a).get(a).simd(simd.f32x4Ne).simd(simd.bitselect);
  f.get(value).i32(16).simd(simd.i32x4ShrU).lanes(0x8000).simd(simd.and).simd(simd.or);
  f.release(a);
  f.release(code);
}

/** 16-bit codes in int32 lanes on the stack → float32. */
export function decodeHalf(f: FunctionBuilder, from: 'bfloat16' | 'float16'): void {
  if (from === 'bfloat16') {
    f.i32(16).simd(simd.i32x4Shl);
    return;
  }
  const code = f.local('v128');
  f.tee(code)
    .lanes(0x7fff)
    .simd(simd.and)
    .i32(13)
    .simd(simd.i32x4Shl)
    .f32(2 ** 112)
    .simd(simd.f32x4Mul);
  f.get(code).lanes(0x7c00).simd(simd.and).lanes(0x7c00).simd(simd.i32x4Eq).lanes(0x7f800000).simd(simd.and);
  f.simd(simd.or);
  f.get(code).lanes(0x8000).simd(simd.and).i32(16).simd(simd.i32x4Shl).simd(simd.or);
  f.release(code);
}
