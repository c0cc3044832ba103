import { type Dtype, fromFloat32, toFloat32 } from '@weightloom/checkpoint';
import { generator, key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import {
  type ChunkedMethod,
  productAdder,
  productWorkspace,
  rawTensorSource,
  runTasks,
} from '../src/index.js';

const draw = generator(key(23));
const normals = (count: number, scale = 1) =>
  Float32Array.from({ length: count }, () => scale * draw.normal());

interface Sizes {
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
}

/** What the doc comment says, in JavaScript: float32 products, added one by one, in the order of the rank. */
function expectedSums({ columns, rank }: Sizes, w: Float32Array, left: Float32Array, right: Float32Array) {
  const { fround } = Math;
  return w.map((value, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum = fround(sum + fround(left[i * rank + k]! * right[k * columns + j]!));
    return fround(value + sum);
  });
}

/** Merges beside a tensor that makes the work large enough for the core; counts how often the fast path answered. */
async function run(
  sizes: Sizes,
  dtype: Dtype,
  factors: Float32Array[],
  stored: Uint8Array,
  memoryLimit?: number,
) {
  const { rows, columns, rank } = sizes;
  const [left, right] = factors as [Float32Array, Float32Array];
  const add = productAdder({ left, right, rank, columns });
  const answers: boolean[] = [];
  const method: ChunkedMethod = {
    name: 'product',
    granularity: 'row',
    workspace: () => productWorkspace(rows, columns, rank),
    begin: () => ({
      emit: ({ begin, length, inputs: [w] }, out) => {
        const part = { rows: length / columns, columns, rank };
        out.set(expectedSums(part, w!, left.subarray((begin / columns) * rank), right));
      },
      emitStored: (chunk, out) => {
        const done = add?.(chunk, out) ?? false;
        answers.push(done);
        return done;
      },
    }),
  };
  const parts: Uint8Array[] = [];
  const input = rawTensorSource({ dtype, shape: [rows, columns], bytes: stored }, 'base "w"');
  const copied = {
    ...input,
    read: async (begin: number, end: number, scratch: Uint8Array) => {
      scratch.set(await input.read(begin, end, scratch));
      return scratch;
    },
  };
  const ballast = rawTensorSource(fromFloat32(new Float32Array(2 ** 18), 'F32'), 'ballast');
  await runTasks(
    [
      { name: 'w', dtype, inputs: [copied], method },
      { name: 'ballast', dtype: 'F32', inputs: [ballast] },
    ],
    { write: async (name, bytes) => void (name === 'w' && parts.push(bytes.slice())) },
    { memoryLimit },
  );
  return { bytes: Buffer.concat(parts), answers };
}

describe('productAdder', () => {
  it.each([
    [{ rows: 3, columns: 8, rank: 1 }],
    [{ rows: 4, columns: 9, rank: 2 }],
    [{ rows: 29, columns: 31, rank: 5 }],
    [{ rows: 6, columns: 300, rank: 512 }],
    [{ rows: 50, columns: 1030, rank: 16 }],
  ])('gives the bits of the sums in its comment, in every dtype: %o', async (sizes) => {
    const { rows, columns, rank } = sizes;
    const factors = [normals(rows * rank, 0.3), normals(rank * columns, 0.3)];
    for (const dtype of ['F32', 'F16', 'BF16'] as const) {
      // Values around the smallest of float16 too, whose rounding is another.
      const w = normals(rows * columns).map((x, i) => (i % 3 === 0 ? x * 1e-6 : x));
      const { bytes } = fromFloat32(w, dtype);
      const values = toFloat32({ dtype, shape: [w.length], bytes });
      const expected = Buffer.from(
        fromFloat32(expectedSums(sizes, values, factors[0]!, factors[1]!), dtype).bytes,
      );
      for (const memoryLimit of [undefined, 1]) {
        const { bytes: found, answers } = await run(sizes, dtype, factors, bytes, memoryLimit);
        expect(answers.length).toBeGreaterThan(0);
        expect(answers).not.toContain(false);
        expect(Buffer.compare(found, expected)).toBe(0);
      }
    }
  });

  it('leaves ranks above 512, narrow weights and other dtypes to `emit`', async () => {
    for (const [sizes, dtype] of [
      [{ rows: 2, columns: 8, rank: 513 }, 'F32'],
      [{ rows: 5, columns: 7, rank: 2 }, 'F32'],
      [{ rows: 5, columns: 8, rank: 2 }, 'F64'],
    ] as const) {
      const { rows, columns, rank } = sizes;
      const factors = [normals(rows * rank), normals(rank * columns)];
      const w = normals(rows * columns);
      const { bytes } = fromFloat32(w, dtype);
      const { bytes: found, answers } = await run(sizes, dtype, factors, bytes);
      expect(answers).not.toContain(true);
      const expected = fromFloat32(expectedSums(sizes, w, factors[0]!, factors[1]!), dtype).bytes;
      expect(Buffer.compare(found, Buffer.from(expected))).toBe(0);
    }
  });

  it('refuses NaN and overflow by name, wherever they are', async () => {
    const sizes = { rows: 9, columns: 21, rank: 2 };
    const factors = [new Float32Array(18).fill(1), new Float32Array(42).fill(0.5)];
    for (const index of [0, 20, 8 * 21 + 13, 9 * 21 - 1]) {
      for (const dtype of ['F32', 'F16', 'BF16'] as const) {
        for (const bad of [NaN, Infinity]) {
          const w = new Float32Array(9 * 21);
          w[index] = bad;
          const merge = run(sizes, dtype, factors, fromFloat32(w, dtype).bytes);
          await expect(merge).rejects.toThrow(
            `base "w": expected finite values (allowNonFinite lets others through), received ${bad} at element ${index}`,
          );
        }
      }
      const w = new Float32Array(9 * 21);
      w[index] = 65504;
      const large = run(sizes, 'F16', [factors[0]!, factors[1]!.map(() => 20)], fromFloat32(w, 'F16').bytes);
      await expect(large).rejects.toThrow('result "w"');
    }
  });
});
