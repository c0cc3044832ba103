import { add, concat, mul, slice, sub, take, type Tensor, tensor } from '@weightloom/tensor-gpu';

/** Cosines and sines of the angle of every position and pair of coordinates, `[context, d / 2]` each. */
export interface RopeTable {
  readonly cos: Tensor;
  readonly sin: Tensor;
}

/** Angles `p · base^(-2i/d)` of rotary position embedding, one frequency per pair of coordinates `i` and `i + d/2`. */
export function ropeTable(
  context: number,
  size: number,
  base: number,
  frequencyOf: (frequency: number) => number = (f) => f,
): RopeTable {
  const half = size / 2;
  const [cos, sin] = [new Float32Array(context * half), new Float32Array(context * half)];
  for (let i = 0; i < half; i++) {
    const frequency = frequencyOf(base ** (-i / half));
    for (let p = 0; p < context; p++) {
      cos[p * half + i] = Math.cos(p * frequency);
      sin[p * half + i] = Math.sin(p * frequency);
    }
  }
  return { cos: tensor(cos, [context, half]), sin: tensor(sin, [context, half]) };
}

/**
 * Rotates pairs of coordinates by the angle of their position: `[x₁ cos - x₂ sin, x₂ cos + x₁ sin]`, halves as in Llama.
 *
 * @param x - `[…, T, d]` @param positions - int32 `[T]`
 * @see Su et al. 2021, "RoFormer", arXiv:2104.09864
 */
export function rotate(x: Tensor, positions: Tensor, table: RopeTable): Tensor {
  const half = x.shape.at(-1)! / 2;
  const start = x.shape.map(() => 0);
  const first = slice(x, start, [...x.shape.slice(0, -1), half]);
  const second = slice(x, [...start.slice(0, -1), half]);
  const [cos, sin] = [take(table.cos, positions), take(table.sin, positions)];
  return concat([sub(mul(first, cos), mul(second, sin)), add(mul(second, cos), mul(first, sin))], -1);
}
