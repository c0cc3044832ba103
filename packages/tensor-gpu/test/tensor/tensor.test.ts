import { describe, expect, it } from 'vitest';
import {
  add,
  cast,
  DTypeError,
  reshape,
  ShapeError,
  slice,
  tensor,
  type TensorData,
  transpose,
} from '../../src/index.js';

describe('tensor', () => {
  it('takes shape and dtype from nested arrays', () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect([x.shape, x.dtype, x.rank, x.size, x.byteLength]).toEqual([[2, 3], 'float32', 2, 6, 24]);
    expect(String(x)).toBe('Tensor(float32[2, 3])');
    expect(tensor([true, false]).dtype).toBe('bool');
    expect(tensor(3).shape).toEqual([]);
    expect(tensor([]).shape).toEqual([0]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
  });

  it('copies typed arrays', () => {
    const source = new Float32Array([1, 2]);
    const x = tensor(source);
    source[0] = 9;
    expect([...x.dataSync()]).toEqual([1, 2]);
    expect(tensor(new Int32Array([1])).dtype).toBe('int32');
    expect(tensor(new Int8Array([1])).dtype).toBe('int8');
    expect(tensor(new Float64Array([0.1])).dataSync()[0]).toBe(Math.fround(0.1));
  });

  it('reads back by dtype, each time a fresh array', async () => {
    const x = tensor([true, false, true]);
    expect(await x.data()).toEqual(new Uint8Array([1, 0, 1]));
    const y = tensor([1, 2]);
    y.dataSync()[0] = 5;
    expect([...y.dataSync()]).toEqual([1, 2]);
    // Large enough to live in the backend, whole and as a view.
    const z = add(tensor(new Float32Array(5000)), 1);
    for (const view of [
      z,
      reshape(z, [50, 100]),
      slice(z, [4000], [5000]),
      transpose(reshape(z, [50, 100])),
    ]) {
      view.dataSync().fill(7);
      (await view.data()).fill(7);
      expect(view.dataSync()).toEqual(new Float32Array(view.size).fill(1));
    }
  });

  it('takes raw 16-bit codes for bfloat16 and float16', () => {
    const x = tensor(new Uint16Array([0x3f80, 0xc000]), [2], 'bfloat16');
    expect([...cast(x, 'float32').dataSync()]).toEqual([1, -2]);
    const y = tensor(new Uint16Array([0x3c00, 0xc000]), [2], 'float16');
    expect([...cast(y, 'float32').dataSync()]).toEqual([1, -2]);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'a shape that does not fit',
      () => tensor([1, 2, 3], [2, 2]),
      /expected 4 elements for shape \[2, 2\], received 3/,
    ],
    ['ragged arrays', () => tensor([[1, 2], [3]]), /equal length \(2 at depth 1\), received an array of 1/],
    ['a number beside an array', () => tensor([[1], 2] as TensorData), /a number at depth 1/],
    ['a string', () => tensor(['1'] as unknown as TensorData), /received 1/],
    ['a mix of booleans and numbers', () => tensor([true, 2]), /all booleans or all numbers/],
    [
      'a fraction as int32',
      () => tensor([1.5], [1], 'int32'),
      /whole numbers within int32, received 1.5 at position 0/,
    ],
    ['a 2 as bool', () => tensor([2], [1], 'bool'), /booleans, or 0 and 1, received 2/],
    ['too large an int8', () => tensor([200], [1], 'int8'), /within int8, received 200/],
    ['numbers as bfloat16', () => tensor([1], [1], 'bfloat16'), /use cast\(\)/],
    ['raw codes without dtype', () => tensor(new Uint16Array([1])), /bfloat16 or float16/],
    ['a negative size', () => tensor([], [-1]), /whole numbers ≥ 0, received \[-1\]/],
    ['an unknown dtype', () => tensor([1], [1], 'float64' as never), /a dtype of float32/],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(message);
    try {
      make();
    } catch (error) {
      expect(ShapeError.isInstance(error) || DTypeError.isInstance(error)).toBe(true);
    }
  });

  it('item refuses more than one element', () => {
    expect(() => tensor([1, 2]).item()).toThrow(
      'Tensor.item: expected a tensor of one element, received shape [2]',
    );
  });
});
