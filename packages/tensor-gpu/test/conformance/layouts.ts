import { flip, slice, type Tensor, tensor, transpose } from '../../src/index.js';
import type { Input } from './inputs.js';
import { at, build, type Nd } from './reference/nd.js';
import { encode, roundTo } from './reference/special.js';

/** How the elements of an input may lie in memory. */
export type Layout = 'plain' | 'transposed' | 'strided' | 'reversed';

/** The tensor of an input's values, plain in memory. */
export const plain = ({ shape, data }: Nd, dtype: Input['dtype']): Tensor => tensor([...data], shape, dtype);

/** The same tensor as a view whose elements lie elsewhere: axes turned round, every second element of a larger box, or backwards. */
export function lay(x: Nd, dtype: Input['dtype'], layout: Layout): Tensor {
  const { shape } = x;
  if (layout === 'plain' || shape.length === 0) return plain(x, dtype);
  if (layout === 'transposed') {
    return transpose(
      plain(
        build(shape.toReversed(), (index) => at(x, index.toReversed())),
        dtype,
      ),
    );
  }
  if (layout === 'reversed') {
    return flip(
      plain(
        build(shape, (index) =>
          at(
            x,
            index.map((i, a) => shape[a] - 1 - i),
          ),
        ),
        dtype,
      ),
    );
  }
  const box = build(
    shape.map((d) => 2 * d + 1),
    (index) =>
      index.every((i) => i % 2 === 1)
        ? at(
            x,
            index.map((i) => (i - 1) / 2),
          )
        : 1,
  );
  return slice(
    plain(box, dtype),
    shape.map(() => 1),
    shape.map((d) => 2 * d + 1),
    shape.map(() => 2),
  );
}

/** Values rounded to a 16-bit format. */
export const rounded = (x: Nd, format: 'bfloat16' | 'float16'): Nd => ({
  shape: x.shape,
  data: x.data.map((v) => roundTo(format, v)),
});

/** A tensor of raw 16-bit codes made here, not by the engine. */
export const stored = (x: Nd, format: 'bfloat16' | 'float16'): Tensor =>
  tensor(
    Uint16Array.from(x.data, (v) => encode(format, v)),
    x.shape,
    format,
  );
