import { add, concat, mul, neg, slice, take, type Tensor, tensor } from '@weightloom/tensor-gpu';

/** Cosines and sines of every position, `[context, d]` each, the second half of a row repeating the first. */
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
  const [cos, sin] = [new Float32Array(context * size), new Float32Array(context * size)];
  for (let i = 0; i < half; i++) {
    const frequency = frequencyOf(base ** (-i / half));
    for (let p = 0; p < context; p++) {
      for (const column of [i, i + half]) {
        cos[p * size + column] = Math.cos(p * frequency);
        sin[p * size + column] = Math.sin(p * frequency);
      }
    }
  }
  return { cos: tensor(cos, [context, size]), sin: tensor(sin, [context, size]) };
}

/**
 * Rotates pairs of coordinates by the angle of their position: `x cos + [-x₂, x₁] sin`, halves as in Llama.
 *
 * @param x - `[…, T, d]` @param positions - int32 `[T]`
 * @see Su et al. 2021, "RoFormer", arXiv:2104.09864
 */
export function rotate(x: Tensor, positions: Tensor, { cos, sin }: RopeTable): Tensor {
  const half = x.shape.at(-1)! / 2;
  const start = x.shape.map(() => 0);
  const first = slice(x, start, [...x.shape.slice(0, -1), half]);
  const second = slice(x, [...start.slice(0, -1), half]);
  const turned = concat([neg(second), first], -1);
  return add(mul(x, take(cos, positions)), mul(turned, take(sin, positions)));
}
