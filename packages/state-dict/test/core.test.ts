import { fromFloat32, type RawTensor } from '@weightloom/checkpoint';
import { generator, key } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { type ChunkedMethod, combineInto, rawTensorSource, runTasks } from '../src/index.js';
import { coreOf, createCore, roomFor } from '../src/chunked/internal/core.js';

const size = 2 ** 18 + 777;
const draw = generator(key(17));
const special = [
  0,
  -0,
  1e-40,
  -1e-45,
  16376,
  6e-8,
  1 + 2 ** -8,
  1 + 3 * 2 ** -8,
  2 ** -14 - 2 ** -26,
  -1e-20,
];
const values = (scale: number) =>
  Float32Array.from(
    { length: size },
    (_, i) => special[i % 97] ?? Math.tanh(scale * draw.normal()) * 10 ** (6 * draw.uniform() - 4),
  );

const factors = [0.3, -1.7, 0.11];
const combine: ChunkedMethod = {
  name: 'combine',
  granularity: 'element',
  begin: () => ({ emit: ({ inputs }, out) => combineInto(inputs, factors.slice(0, inputs.length), out) }),
};

/** Runs over elements `from` to `to` only; below a certain size without the core. */
async function run(inputs: readonly RawTensor[], dtype: 'F32' | 'F16' | 'BF16', from: number, to: number) {
  const width = dtype === 'F32' ? 4 : 2;
  const out = new Uint8Array((to - from) * width);
  let at = 0;
  const sources = inputs.map((raw, i) => {
    const bytes = raw.bytes.subarray((from * raw.bytes.length) / size, (to * raw.bytes.length) / size);
    return rawTensorSource({ ...raw, shape: [to - from], bytes }, `input ${i}`);
  });
  // A source in memory hands out its own bytes; copied, as files are, they land in the core.
  const copied = sources.map((source) => ({
    ...source,
    read: async (begin: number, end: number, scratch: Uint8Array) => {
      scratch.set(await source.read(begin, end, scratch));
      return scratch;
    },
  }));
  const sink = {
    async write(_: string, bytes: Uint8Array) {
      out.set(bytes, at);
      at += bytes.length;
    },
  };
  await runTasks([{ name: 'w', dtype, inputs: copied, method: combine }], sink);
  return out;
}

describe('the WebAssembly core', () => {
  it.each([
    ['F32', 'F32'],
    ['BF16', 'BF16'],
    ['F16', 'F32'],
    ['BF16', 'F16'],
  ] as const)('gives the bits of JavaScript for %s in and %s out', async (input, output) => {
    const inputs = [1, 2, 3].map((scale) => fromFloat32(values(scale), input));
    const whole = Buffer.from(await run(inputs, output, 0, size));
    const parts: Buffer[] = [];
    // Pieces as long as a block, so that the borders are the same.
    for (let from = 0; from < size; from += 2 ** 14) {
      parts.push(Buffer.from(await run(inputs, output, from, Math.min(size, from + 2 ** 14))));
    }
    expect(Buffer.compare(whole, Buffer.concat(parts))).toBe(0);
  });

  it('finds NaN, infinity and overflow wherever they are', async () => {
    for (const index of [0, 5, 16383, 16384, size - 1]) {
      for (const dtype of ['F32', 'BF16', 'F16'] as const) {
        const list = new Float32Array(size);
        list[index] = NaN;
        await expect(run([fromFloat32(list, dtype)], 'F32', 0, size)).rejects.toThrow(
          `input 0: expected finite values (allowNonFinite lets others through), received NaN at element ${index}`,
        );
      }
      const list = new Float32Array(size);
      list[index] = 3.4e38;
      await expect(run([fromFloat32(list, 'F32')], 'BF16', 0, size)).resolves.toBeDefined();
      const double = [1, 2].map(() =>
        fromFloat32(
          list.map((x) => x * 3),
          'F32',
          { overflow: 'special' },
        ),
      );
      await expect(run(double, 'BF16', 0, size)).rejects.toThrow(`element ${index}`);
    }
  });

  it('knows which arrays are its own, and gives no more than it has', () => {
    const core = createCore(roomFor([1000, 1000]))!;
    const [a, b] = [core.allocate(1000)!, core.allocate(1000)!];
    expect(b).toBeGreaterThanOrEqual(a + 1000);
    expect(core.allocate(10_000_000)).toBe(undefined);
    const inside = new Float32Array(core.buffer, a, 8);
    expect(coreOf([inside])).toBe(core);
    expect(coreOf([inside, new Float32Array(8)])).toBe(undefined);
    expect(createCore(2 ** 33)).toBe(undefined);
  });
});
