import { ShapeError } from '../errors.js';
import { dot } from '../primitives/dot.js';
import { broadcastTo, reshape } from '../primitives/movement.js';
import { broadcastShapes, showShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { diagonalOf } from './indexing.js';
import { floating } from './operands.js';
import { sum } from './reductions.js';
import { transpose } from './shaping.js';

/**
 * Matrix product as NumPy's: `[…, M, K] × […, K, N] → […, M, N]` in float32, leading axes broadcast; one-axis operands stand
 * for a row or a column and vanish from the result. Transposed and broadcast views are read in place.
 *
 * @throws {ShapeError} when the inner sizes differ or an operand is a scalar
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const [x, y] = [floating('matmul', a), floating('matmul', b)];
  const fail = (expected: string): never => {
    throw new ShapeError({
      where: 'matmul',
      expected,
      received: `${showShape(x.shape)} and ${showShape(y.shape)}`,
    });
  };
  if (x.rank === 0 || y.rank === 0) fail('operands of at least one axis');
  const left = x.rank === 1 ? reshape(x, [1, ...x.shape]) : x;
  const right = y.rank === 1 ? reshape(y, [...y.shape, 1]) : y;
  const [m, k] = left.shape.slice(-2);
  const [k2, n] = right.shape.slice(-2);
  if (k !== k2) fail('the last axis of the first to equal the last but one of the second');
  const [leftBatch, rightBatch] = [left.shape.slice(0, -2), right.shape.slice(0, -2)];
  const batch = broadcastShapes('matmul', leftBatch, rightBatch);
  const product = (): Tensor => {
    if (sizeOf(rightBatch) === 1) {
      // One right side for all: a single product over more rows.
      return dot(reshape(left, [1, sizeOf(leftBatch) * m, k]), reshape(right, [1, k, n]));
    }
    const stack = (t: Tensor): Tensor =>
      reshape(broadcastTo(t, [...batch, ...t.shape.slice(-2)]), [sizeOf(batch), ...t.shape.slice(-2)]);
    return sizeOf(leftBatch) === 1
      ? dot(reshape(left, [1, m, k]), stack(right))
      : dot(stack(left), stack(right));
  };
  const shape = [...batch, ...(x.rank === 1 ? [] : [m]), ...(y.rank === 1 ? [] : [n])];
  return reshape(product(), shape);
}

/**
 * Einstein summation of one or two operands, e.g. `einsum('bij,bjk->bik', a, b)`. Letters name axes; letters missing from the
 * result are summed. Without `->` the result has the letters that occur once, in alphabetical order.
 *
 * @throws {ShapeError} on a malformed pattern or sizes that disagree
 */
export function einsum(pattern: string, ...operands: Tensor[]): Tensor {
  const [inputs, output] = parse(pattern, operands);
  const sizes = new Map<string, number>();
  operands.forEach((t, i) =>
    [...inputs[i]].forEach((letter, axis) => {
      const known = sizes.get(letter);
      if (known !== undefined && known !== t.shape[axis]) {
        throw new ShapeError({
          where: `einsum "${pattern}"`,
          expected: `one size for ${letter}`,
          received: `${known} and ${t.shape[axis]}`,
        });
      }
      sizes.set(letter, t.shape[axis]);
    }),
  );
  if (operands.length === 1) return arrange(operands[0], inputs[0], output);
  const [a, b] = inputs;
  const shared = [...new Set(a)].filter((c) => b.includes(c));
  const batch = shared.filter((c) => output.includes(c));
  const summed = shared.filter((c) => !output.includes(c));
  const left = [...output].filter((c) => a.includes(c) && !b.includes(c));
  const right = [...output].filter((c) => b.includes(c) && !a.includes(c));
  const size = (letters: readonly string[]): number => sizeOf(letters.map((c) => sizes.get(c)!));
  const x = arrange(operands[0], a, [...batch, ...left, ...summed].join(''));
  const y = arrange(operands[1], b, [...batch, ...summed, ...right].join(''));
  const product = dot(
    reshape(floating('einsum', x), [size(batch), size(left), size(summed)]),
    reshape(floating('einsum', y), [size(batch), size(summed), size(right)]),
  );
  const letters = [...batch, ...left, ...right];
  return arrange(
    reshape(
      product,
      letters.map((c) => sizes.get(c)!),
    ),
    letters.join(''),
    output,
  );
}

/** Brings one operand's axes into the order of `to`: repeated letters become diagonals, missing ones are summed. */
function arrange(t: Tensor, from: string, to: string): Tensor {
  let [current, letters] = [t, from];
  for (let i = 0; i < letters.length; i++) {
    const j = letters.indexOf(letters[i], i + 1);
    if (j < 0) continue;
    current = diagonalOf(current, i, j);
    letters = `${letters.slice(0, i)}${letters.slice(i + 1, j)}${letters.slice(j + 1)}${letters[i]}`;
    i = -1;
  }
  const extra = [...letters].flatMap((c, i) => (to.includes(c) ? [] : [i]));
  if (extra.length) {
    current = sum(current, { axis: extra });
    letters = [...letters].filter((c) => to.includes(c)).join('');
  }
  return transpose(
    current,
    [...to].map((c) => letters.indexOf(c)),
  );
}

function parse(pattern: string, operands: readonly Tensor[]): [string[], string] {
  const match = /^([a-zA-Z]*(?:,[a-zA-Z]*)?)(?:->([a-zA-Z]*))?$/.exec(pattern.replaceAll(' ', ''));
  const inputs = match?.[1].split(',') ?? [];
  const once = [...new Set(inputs.join(''))].filter((c) => inputs.join('').split(c).length === 2).sort();
  const output = match?.[2] ?? once.join('');
  const known = [...output].every((c) => inputs.some((i) => i.includes(c)));
  const fits =
    inputs.length === operands.length && inputs.every((letters, i) => letters.length === operands[i].rank);
  if (!match || !known || !fits || new Set(output).size !== output.length) {
    throw new ShapeError({
      where: 'einsum',
      expected: "a pattern like 'ij,jk->ik' with one letter per axis of one or two operands",
      received: `"${pattern}" for ${operands.map((t) => showShape(t.shape)).join(' and ')}`,
    });
  }
  return [inputs, output];
}
