import type { ExpressionNode } from '../../lower/program.js';
import { bytesPerElement } from '../../tensor/dtype.js';
import { assembleModule, FunctionBuilder, op, simd } from './assembler.js';
import { emitExpression, mathOf, releaseResults } from './expression.js';
import { loadLiterals } from './map-kernel.js';
import { mathFunction, type MathName } from './math.js';
import { type Block, dimWord, loadPointers, loopNest, strideWord, word } from './nest.js';
import { loadSplat, loadStrided, loadVector, type OperandSpec, storeLane, storeVector } from './operands.js';

/** Axes are ordered kept first, then reduced; operand 0 is the output. */
export interface ReduceKernelSpec {
  readonly op: 'sum' | 'max' | 'min' | 'prod';
  readonly kept: number;
  readonly reduced: number;
  /** Which innermost axis runs along the lanes. */
  readonly along: 'kept' | 'reduced';
  readonly dtype: 'float32' | 'int32';
  readonly inputs: readonly OperandSpec[];
  readonly nodes: readonly ExpressionNode[];
  readonly node: number;
}

/** Float32 sums run in blocks of this many terms a lane; blocks add up in float64. Fixed, so results never depend on the split. */
const BLOCK = 256;

const combine = {
  float32: { sum: simd.f32x4Add, max: simd.f32x4Max, min: simd.f32x4Min, prod: simd.f32x4Mul },
  int32: { sum: simd.i32x4Add, max: simd.i32x4MaxS, min: simd.i32x4MinS, prod: simd.i32x4Mul },
} as const;
const neutral = {
  float32: { sum: 0, max: -Infinity, min: Infinity, prod: 1 },
  int32: { sum: 0, max: -0x80000000, min: 0x7fffffff, prod: 1 },
} as const;

/** Builds the module of one reduction, `run(parameterBlock)`. */
export function reduceKernel(spec: ReduceKernelSpec, shared: boolean): Uint8Array<ArrayBuffer> {
  const { inputs, nodes, kept, reduced, along } = spec;
  const mathNames = mathOf(nodes);
  const index = (name: MathName): number => mathNames.indexOf(name);
  const functions = mathNames.map((name) => mathFunction(name, index));
  const f = new FunctionBuilder(['i32'], []);
  const block: Block = { rank: kept + reduced, operands: 1 + inputs.length };
  const literals = loadLiterals(f, block, nodes);
  const vectorAxis = along === 'kept' ? kept - 1 : kept + reduced - 1;
  const wide = spec.op === 'sum' && spec.dtype === 'float32';
  const combineCode = combine[spec.dtype][spec.op];
  const pushNeutral = (): void => {
    if (spec.dtype === 'float32') f.f32(neutral.float32[spec.op]);
    else f.lanes(neutral.int32[spec.op]);
  };

  const strides = inputs.map(({ mode }, i) => {
    if (mode !== 'strided') return -1;
    const local = f.local('i32');
    word(f, strideWord(block, i + 1, vectorAxis)).set(local);
    return local;
  });

  /** The expression at the given input pointers; `lane` computes one element in all lanes. */
  const value = (
    pointers: readonly number[],
    offset: number,
    lane: boolean,
    then: (local: number) => void,
  ): void => {
    const [result] = emitExpression(
      f,
      nodes,
      [spec.node],
      ({ input }) => {
        const { dtype, mode } = inputs[input];
        const pointer = pointers[input + 1];
        if (lane || mode === 'splat') loadSplat(f, dtype, pointer);
        else if (mode === 'vector') loadVector(f, dtype, pointer, offset);
        else loadStrided(f, dtype, pointer, strides[input]);
      },
      (i) => literals.get(i)!,
      index,
    );
    then(result);
    releaseResults(f, nodes, [spec.node], [result]);
  };
  const accumulate = (acc: number, v: number): void => {
    f.get(acc).get(v).simd(combineCode).set(acc);
  };
  const highHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];
  const flush = (acc: number, low: number, high: number): void => {
    f.get(low).get(acc).simd(simd.promoteLow).simd(simd.f64x2Add).set(low);
    f.get(high)
      .get(acc)
      .get(acc)
      .simd(simd.shuffle)
      .emit(...highHalf)
      .simd(simd.promoteLow)
      .simd(simd.f64x2Add);
    f.set(high);
  };
  const copyOf = (pointers: readonly number[]): number[] =>
    pointers.map((p) => {
      const own = f.local('i32');
      f.get(p).set(own);
      return own;
    });
  /** Runs `body` over `count` in runs of at most BLOCK · `width` elements; `run` holds the length of the present one. */
  const inBlocks = (count: number, width: number, body: (run: number) => void): void => {
    const run = f.local('i32');
    f.whilePositive(count, () => {
      f.get(count)
        .i32(BLOCK * width)
        .get(count)
        .i32(BLOCK * width)
        .emit(op.i32LtS, op.select)
        .set(run);
      f.get(count).get(run).emit(op.i32Sub).set(count);
      body(run);
    });
  };
  const advanceAll = (pointers: readonly number[], axis: number): void =>
    inputs.forEach((_, i) =>
      word(f.get(pointers[i + 1]), strideWord(block, i + 1, axis))
        .emit(op.i32Add)
        .set(pointers[i + 1]),
    );

  const strided = inputs.some((i) => i.mode === 'strided');
  const innermost = kept + reduced - 1;
  const reducedOuter = Array.from({ length: reduced - 1 }, (_, i) => kept + i);

  /** All terms of one output element, along the lanes. */
  const reduceAlong = (pointers: readonly number[]): void => {
    const acc = f.local('v128');
    const [low, high] = wide ? [f.local('v128'), f.local('v128')] : [-1, -1];
    pushNeutral();
    f.set(acc);
    if (wide) f.f64(0).tee(low).set(high);
    const firstLane = new Uint8Array(new Int32Array([-1, 0, 0, 0]).buffer);
    loopNest(f, block, reducedOuter, pointers, (outer) => {
      const own = copyOf(outer);
      const count = f.local('i32');
      word(f, dimWord(innermost)).set(count);
      const bump = (n: number): void =>
        inputs.forEach(({ dtype, mode }, i) => {
          if (mode === 'splat') return;
          f.get(own[i + 1]);
          if (mode === 'vector') f.i32(n * bytesPerElement(dtype));
          else f.get(strides[i]).i32(n).emit(op.i32Mul);
          f.emit(op.i32Add).set(own[i + 1]);
        });
      inBlocks(count, 4, (run) => {
        // Four accumulators whatever the expression, so that fusion never changes the order of a sum.
        const more = Array.from({ length: 3 }, () => f.local('v128'));
        for (const a of more) {
          pushNeutral();
          f.set(a);
        }
        f.stepDown(run, 16, () => {
          [acc, ...more].forEach((a, u) => {
            value(own, strided ? 0 : u * 4, false, (v) => accumulate(a, v));
            if (strided) bump(4);
          });
          if (!strided) bump(16);
        });
        for (const a of more) {
          accumulate(acc, a);
          f.release(a);
        }
        f.stepDown(run, 4, () => {
          value(own, 0, false, (v) => accumulate(acc, v));
          bump(4);
        });
        f.stepDown(run, 1, () => {
          value(own, 0, true, (v) => {
            f.get(acc).get(v);
            pushNeutral();
            f.bits(firstLane).simd(simd.bitselect).simd(combineCode).set(acc);
          });
          bump(1);
        });
        if (wide) {
          flush(acc, low, high);
          f.f32(0).set(acc);
        }
      });
    });
    if (wide) {
      f.get(low)
        .get(high)
        .simd(simd.f64x2Add)
        .tee(low)
        .get(low)
        .get(low)
        .simd(simd.shuffle)
        .emit(...highHalf);
      f.simd(simd.f64x2Add).simd(simd.demote).set(acc);
    } else {
      for (const shuffle of [highHalf, [4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7]]) {
        f.get(acc)
          .get(acc)
          .get(acc)
          .simd(simd.shuffle)
          .emit(...shuffle)
          .simd(combineCode)
          .set(acc);
      }
    }
    storeLane(f, spec.dtype, pointers[0], acc);
    f.release(acc);
    if (wide) [low, high].forEach((l) => f.release(l));
  };

  /** `width` vectors of neighbouring output elements (or one element), all terms one after another. */
  const reduceAcross = (pointers: readonly number[], width: number, lane: boolean): void => {
    const accs = Array.from({ length: width }, () => f.local('v128'));
    const totals = wide ? accs.map(() => [f.local('v128'), f.local('v128')] as const) : [];
    for (const acc of accs) {
      pushNeutral();
      f.set(acc);
    }
    for (const [low, high] of totals) f.f64(0).tee(low).set(high);
    loopNest(f, block, reducedOuter, pointers, (outer) => {
      const own = copyOf(outer);
      const count = f.local('i32');
      word(f, dimWord(innermost)).set(count);
      inBlocks(count, 1, (run) => {
        f.stepDown(run, 1, () => {
          accs.forEach((acc, u) => value(own, u * 4, lane, (v) => accumulate(acc, v)));
          advanceAll(own, innermost);
        });
        totals.forEach(([low, high], u) => {
          flush(accs[u], low, high);
          f.f32(0).set(accs[u]);
        });
      });
    });
    accs.forEach((acc, u) => {
      if (wide) {
        const [low, high] = totals[u];
        f.get(low).simd(simd.demote).get(high).simd(simd.demote).simd(simd.shuffle);
        f.emit(...[0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]).set(acc);
        f.release(low);
        f.release(high);
      }
      if (lane) storeLane(f, spec.dtype, pointers[0], acc);
      else storeVector(f, spec.dtype, pointers[0], acc, u * 4);
      f.release(acc);
    });
  };

  const outputs = loadPointers(f, block);
  if (along === 'reduced') {
    loopNest(
      f,
      block,
      Array.from({ length: kept }, (_, i) => i),
      outputs,
      reduceAlong,
    );
  } else {
    loopNest(
      f,
      block,
      Array.from({ length: kept - 1 }, (_, i) => i),
      outputs,
      (outer) => {
        const own = copyOf(outer);
        const count = f.local('i32');
        word(f, dimWord(kept - 1)).set(count);
        const bump = (n: number): void => {
          f.get(own[0])
            .i32(n * 4)
            .emit(op.i32Add)
            .set(own[0]);
          inputs.forEach(({ dtype, mode }, i) => {
            if (mode === 'splat') return;
            f.get(own[i + 1]);
            if (mode === 'vector') f.i32(n * bytesPerElement(dtype));
            else f.get(strides[i]).i32(n).emit(op.i32Mul);
            f.emit(op.i32Add).set(own[i + 1]);
          });
        };
        if (inputs.every((i) => i.mode !== 'strided')) {
          f.stepDown(count, 16, () => {
            reduceAcross(own, 4, false);
            bump(16);
          });
        }
        f.stepDown(count, 4, () => {
          reduceAcross(own, 1, false);
          bump(4);
        });
        f.stepDown(count, 1, () => {
          reduceAcross(own, 1, true);
          bump(1);
        });
      },
    );
  }
  return assembleModule([...functions, f], shared);
}
