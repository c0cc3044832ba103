import { type FunctionBuilder, op } from './assembler.js';

/**
 * Parameters of a kernel: one block of int32 words in memory, so that shapes and pointers change without new code.
 * `[dims…][pointer, byte strides… of operand 0][… of operand 1]…[literals]`
 */
export interface Block {
  readonly rank: number;
  readonly operands: number;
}
export const dimWord = (axis: number): number => axis;
export const pointerWord = (block: Block, operand: number): number => block.rank + operand * (1 + block.rank);
export const strideWord = (block: Block, operand: number, axis: number): number =>
  pointerWord(block, operand) + 1 + axis;
export const literalWord = (block: Block, index: number): number =>
  block.rank + block.operands * (1 + block.rank) + index;

/** Pushes a word of the parameter block (whose address is parameter 0). */
export const word = (f: FunctionBuilder, index: number): FunctionBuilder => f.get(0).i32Load(index * 4);

/** `local += word`. */
export const advance = (f: FunctionBuilder, local: number, index: number): void => {
  word(f.get(local), index).emit(op.i32Add).set(local);
};

/**
 * A loop nest over `axes`; `body` gets one pointer local per operand. Operands keep their pointers per level, so nothing is
 * multiplied inside.
 */
export function loopNest(
  f: FunctionBuilder,
  block: Block,
  axes: readonly number[],
  pointers: readonly number[],
  body: (pointers: readonly number[]) => void,
): void {
  if (axes.length === 0) {
    body(pointers);
    return;
  }
  const [axis, ...inner] = axes;
  const count = f.local('i32');
  const own = pointers.map(() => f.local('i32'));
  pointers.forEach((p, i) => f.get(p).set(own[i]));
  word(f, dimWord(axis)).set(count);
  f.whilePositive(count, () => {
    loopNest(f, block, inner, own, body);
    own.forEach((p, i) => advance(f, p, strideWord(block, i, axis)));
    f.get(count).i32(1).emit(op.i32Sub).set(count);
  });
}

/** One pointer local per operand, set from the block. */
export function loadPointers(f: FunctionBuilder, block: Block): number[] {
  return Array.from({ length: block.operands }, (_, i) => {
    const pointer = f.local('i32');
    word(f, pointerWord(block, i)).set(pointer);
    return pointer;
  });
}
