import type { ExpressionNode } from '../../lower/program.js';
import { bytesPerElement } from '../../tensor/dtype.js';
import { assembleModule, FunctionBuilder, op, simd } from './assembler.js';
import { emitExpression, mathOf, releaseResults } from './expression.js';
import { mathFunction, type MathName } from './math.js';
import { type Block, dimWord, literalWord, loadPointers, loopNest, strideWord, word } from './nest.js';
import {
  loadSplat,
  loadStrided,
  loadVector,
  type OperandSpec,
  storeLane,
  storeStrided,
  storeVector,
} from './operands.js';

/** An elementwise loop; operands are the outputs, then the inputs. The last axis is the vectorised one. */
export interface MapKernelSpec {
  readonly rank: number;
  readonly outputs: readonly (OperandSpec & { readonly node: number })[];
  readonly inputs: readonly OperandSpec[];
  readonly nodes: readonly ExpressionNode[];
}

/** Bodies longer than this are not unrolled: the loop overhead no longer shows. */
const UNROLL_LIMIT = 16;

/** Builds the module of one elementwise kernel, `run(parameterBlock)`. */
export function mapKernel(spec: MapKernelSpec, shared: boolean): Uint8Array<ArrayBuffer> {
  const { rank, outputs, inputs, nodes } = spec;
  const mathNames = mathOf(nodes);
  const index = (name: MathName): number => mathNames.indexOf(name);
  const functions = mathNames.map((name) => mathFunction(name, index));
  const f = new FunctionBuilder(['i32'], []);
  const block: Block = { rank, operands: outputs.length + inputs.length };
  const all: readonly OperandSpec[] = [...outputs, ...inputs];
  const last = rank - 1;

  const literals = loadLiterals(f, block, nodes);
  const literal = (i: number): number => literals.get(i)!;
  const strides = all.map((spec, i) => {
    if (spec.mode !== 'strided') return -1;
    const local = f.local('i32');
    word(f, strideWord(block, i, last)).set(local);
    return local;
  });
  const wanted = outputs.map((o) => o.node);

  loopNest(
    f,
    block,
    Array.from({ length: last }, (_, i) => i),
    loadPointers(f, block),
    (outer) => {
      const pointers = outer.map((p) => {
        const own = f.local('i32');
        f.get(p).set(own);
        return own;
      });
      const splats = new Map<number, number>();
      inputs.forEach((input, i) => {
        if (input.mode !== 'splat') return;
        const value = f.local('v128');
        loadSplat(f, input.dtype, pointers[outputs.length + i]);
        f.set(value);
        splats.set(i, value);
      });

      const step = (offset: number, lane: boolean): void => {
        const results = emitExpression(
          f,
          nodes,
          wanted,
          ({ input }) => {
            const at = outputs.length + input;
            const { dtype, mode } = inputs[input];
            if (mode === 'splat') f.get(splats.get(input)!);
            else if (lane) loadSplat(f, dtype, pointers[at]);
            else if (mode === 'vector') loadVector(f, dtype, pointers[at], offset);
            else loadStrided(f, dtype, pointers[at], strides[at]);
          },
          literal,
          index,
        );
        outputs.forEach(({ dtype, mode }, i) => {
          if (lane) storeLane(f, dtype, pointers[i], results[i]);
          else if (mode === 'vector') storeVector(f, dtype, pointers[i], results[i], offset);
          else storeStrided(f, dtype, pointers[i], strides[i], results[i]);
        });
        releaseResults(f, nodes, wanted, results);
      };
      const advanceBy = (count: number): void =>
        all.forEach(({ dtype, mode }, i) => {
          if (mode === 'splat') return;
          f.get(pointers[i]);
          if (mode === 'vector') f.i32(count * bytesPerElement(dtype));
          else f.get(strides[i]).i32(count).emit(op.i32Mul);
          f.emit(op.i32Add).set(pointers[i]);
        });

      const count = f.local('i32');
      word(f, dimWord(last)).set(count);
      if (nodes.length <= UNROLL_LIMIT && mathNames.length === 0 && all.every((o) => o.mode !== 'strided')) {
        f.stepDown(count, 16, () => {
          for (let u = 0; u < 4; u++) step(u * 4, false);
          advanceBy(16);
        });
      }
      f.stepDown(count, 4, () => {
        step(0, false);
        advanceBy(4);
      });
      f.stepDown(count, 1, () => {
        step(0, true);
        advanceBy(1);
      });
      for (const value of splats.values()) f.release(value);
    },
  );
  return assembleModule([...functions, f], shared);
}

/** Literals come from the parameter block, so that another number needs no new code. */
export function loadLiterals(
  f: FunctionBuilder,
  block: Block,
  nodes: readonly ExpressionNode[],
): Map<number, number> {
  const literals = new Map<number, number>();
  nodes.forEach((node, i) => {
    if (node.op !== 'literal') return;
    const value = f.local('v128');
    f.get(0).memory(simd.load32Splat, literalWord(block, literals.size) * 4);
    if (node.dtype === 'bool') f.lanes(0).simd(simd.i32x4Ne);
    f.set(value);
    literals.set(i, value);
  });
  return literals;
}
