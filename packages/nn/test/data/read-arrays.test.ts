import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readIdx, readNpy, readNpz } from '../../src/index.js';
import golden from '../golden/arrays.json' with { type: 'json' };

const bytes = (base64: string): Uint8Array => Uint8Array.from(Buffer.from(base64, 'base64'));

describe('readNpy', () => {
  it.each(Object.keys(golden.npy) as (keyof typeof golden.npy)[])(
    'reads what numpy wrote: %s',
    async (name) => {
      const { file, shape, values } = golden.npy[name];
      const t = await readNpy(bytes(file));
      expect(t.shape).toEqual(shape);
      expect([...t.dataSync()]).toEqual(
        values.map((v: string | number) => Math.fround(Number(String(v).replace('inf', 'Infinity')))),
      );
      expect(t.dtype).toBe(
        name.startsWith('float') || ['scalar', 'empty', 'version2'].includes(name) ? 'float32' : 'int32',
      );
    },
  );

  it('takes buffers and blobs too', async () => {
    const file = bytes(golden.npy.uint8.file);
    expect([...(await readNpy(new Blob([file as BlobPart]))).dataSync()]).toEqual([0, 255]);
    expect([...(await readNpy(file.slice().buffer as ArrayBuffer)).dataSync()]).toEqual([0, 255]);
  });

  it('refuses text, cut files and files of another kind', async () => {
    const file = bytes(golden.npy.float64.file);
    await expect(readNpy(bytes(golden.text))).rejects.toThrow(
      "readNpy: expected a dtype of b1, u1, i1, u2, i2, u4, i4, u8, i8, f2, f4, f8, received '<U1'",
    );
    await expect(readNpy(file.slice(0, -1))).rejects.toThrow(
      'readNpy: expected 48 bytes for shape [2, 3], received 47',
    );
    await expect(readNpy(file.slice(0, 20))).rejects.toThrow(
      'readNpy: expected a header of 128 bytes, received a file of 20',
    );
    await expect(readNpy(bytes(golden.idx))).rejects.toThrow(
      'readNpy: expected a file that begins with \\x93NUMPY, version 1 to 3, received [0, 0, 8, 3',
    );
  });

  it('refuses whole numbers beyond int32 by their position', async () => {
    const file = bytes(golden.npy.int64.file);
    new DataView(file.buffer).setBigInt64(file.length - 8, 2n ** 40n, true);
    await expect(readNpy(file)).rejects.toThrow(
      'readNpy: expected whole numbers within int32, received 1099511627776 at position 3',
    );
  });

  it('reads or refuses any damage with an error of its own', async () => {
    const file = bytes(golden.npy.float32.file);
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.nat(255), async (at, value) => {
        const damaged = file.slice();
        damaged[at] = value;
        await readNpy(damaged).then(
          (t) => expect(t.size).toBe(6),
          (error: Error) => expect(error.message).toMatch(/^(readNpy|tensor): expected/),
        );
      }),
    );
  });
});

describe('readNpz', () => {
  it('reads every array by name', async () => {
    const { x, y } = await readNpz(bytes(golden.npz));
    expect([...x.dataSync()]).toEqual([0, 1, 2, 3]);
    expect([y.shape, [...y.dataSync()]]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it('refuses what is no archive', async () => {
    await expect(readNpz(bytes(golden.idx))).rejects.toThrow(
      'readNpz: expected a zip archive, received a damaged one',
    );
  });
});

describe('readIdx', () => {
  it('reads images, also gzipped, and floats', async () => {
    for (const file of [golden.idx, golden.idxGzip]) {
      const t = await readIdx(bytes(file));
      expect([t.shape, t.dtype, [...t.dataSync()]]).toEqual([
        [3, 2, 2],
        'int32',
        Array.from({ length: 12 }, (_, i) => i),
      ]);
    }
    const floats = await readIdx(bytes(golden.idxFloat));
    expect([floats.dtype, [...floats.dataSync()]]).toEqual(['float32', [1.5, -2]]);
  });

  it('refuses another magic number, type or length', async () => {
    const file = bytes(golden.idx);
    await expect(readIdx(bytes(golden.npy.uint8.file))).rejects.toThrow(
      'readIdx: expected a file that begins with two zero bytes, received [147, 78, 85, 77]',
    );
    await expect(readIdx(Uint8Array.of(0, 0, 7, 1))).rejects.toThrow(
      'readIdx: expected a type of 8, 9, 11, 12, 13, 14, received 7',
    );
    await expect(readIdx(file.slice(0, 10))).rejects.toThrow(
      'readIdx: expected a header of 16 bytes, received a file of 10',
    );
    await expect(readIdx(file.slice(0, -1))).rejects.toThrow(
      'readIdx: expected 12 bytes for shape [3, 2, 2], received 11',
    );
    await expect(readIdx(bytes(golden.idxGzip).slice(0, 12))).rejects.toThrow(
      'readIdx: expected a whole gzip stream',
    );
  });
});
