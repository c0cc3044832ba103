import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createCheckpointWriter,
  type CheckpointWriterOptions,
  directoryTarget,
  memoryTarget,
  openCheckpoint,
  parseSafetensors,
  serializeSafetensors,
  type TensorSpec,
} from '../src/index.js';
import { directoryDouble } from './directory-double.js';
import { refusal, refusalCode } from './helpers.js';

const specs: TensorSpec[] = [
  { name: 'b', dtype: 'U8', shape: [2] },
  { name: 'a', dtype: 'F32', shape: [] },
];
const start = (options: Partial<CheckpointWriterOptions> = {}) => {
  const target = memoryTarget();
  return createCheckpointWriter({ target, tensors: specs, ...options }).then((writer) => ({
    writer,
    target,
  }));
};

describe('createCheckpointWriter', () => {
  it('writes the same bytes as serializeSafetensors, whatever the order and the parts', async () => {
    const { writer, target } = await start();
    await writer.write('b', Uint8Array.of(1));
    await writer.write('a', { dtype: 'F32', shape: [], bytes: Uint8Array.of(0, 0, 128, 63) });
    await writer.write('b', Uint8Array.of(2));
    const { files, totalSize } = await writer.close();
    const expected = serializeSafetensors(
      {
        a: { dtype: 'F32', shape: [], bytes: Uint8Array.of(0, 0, 128, 63) },
        b: { dtype: 'U8', shape: [2], bytes: Uint8Array.of(1, 2) },
      },
      { format: 'pt' },
    );
    expect(target.files.get('model.safetensors')).toEqual(expected);
    expect(files).toEqual([{ name: 'model.safetensors', byteLength: expected.length }]);
    expect(totalSize).toBe(6);
  });

  it('writes the shards and the index that Python wrote, byte for byte', async () => {
    const folder = new URL('__fixtures__/sharded/', import.meta.url);
    const golden = new Map(readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder))]));
    const source = await openCheckpoint(directoryDouble('golden', new Map(golden)).handle);
    const target = memoryTarget();
    const tensors = [...source.tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
    const files = await source.readModelFiles();
    const writer = await createCheckpointWriter({ target, tensors, maxShardSize: '40B', files });
    for (const name of [...source.names].reverse()) await writer.write(name, await source.read(name));
    const written = await writer.close();
    expect(written.files.at(-1)!.name).toBe('model.safetensors.index.json');
    expect(new Set(target.files.keys())).toEqual(new Set(golden.keys()));
    for (const [name, bytes] of golden) expect(Buffer.from(target.files.get(name)!).equals(bytes)).toBe(true);
  });

  it('gives a tensor larger than a shard a shard to itself', async () => {
    const tensors = (['a', 'b', 'c'] as const).map((name, i) => ({
      name,
      dtype: 'U8' as const,
      shape: [[4, 100, 4][i]!],
    }));
    const { writer } = await start({ tensors, maxShardSize: 10 });
    expect(writer.files.map(({ name }) => name)).toEqual([
      'model-00001-of-00003.safetensors',
      'model-00002-of-00003.safetensors',
      'model-00003-of-00003.safetensors',
      'model.safetensors.index.json',
    ]);
    await writer.abort();
  });

  it('notes tied weights in the metadata, where our reader and the Python library find them', async () => {
    const { writer, target } = await start({ tied: { head: 'a' }, baseName: 'other' });
    await writer.write('a', new Uint8Array(4));
    await writer.write('b', new Uint8Array(2));
    await writer.close();
    const { metadata } = parseSafetensors(target.files.get('other.safetensors')!);
    expect({ ...metadata }).toEqual({ format: 'pt', head: 'a' });
  });

  it('shows nothing before it is complete, and nothing when it is not', async () => {
    const { writer, target } = await start();
    await writer.write('a', new Uint8Array(4));
    await writer.write('b', new Uint8Array(1));
    expect(target.files.size).toBe(0);
    const error = await refusal(() => writer.close());
    expect(error).toMatchObject({ code: 'incomplete-write', where: 'memory: tensor "b"', received: '1' });
    expect(target.files.size).toBe(0);
    expect(await refusalCode(() => writer.write('b', new Uint8Array(1)))).toBe('closed');
  });

  it('refuses bytes that do not belong', async () => {
    const { writer } = await start();
    expect(await refusalCode(() => writer.write('c', new Uint8Array(1)))).toBe('unknown-tensor');
    expect(await refusalCode(() => writer.write('b', new Uint8Array(3)))).toBe('invalid-tensor');
    expect(
      await refusalCode(() => writer.write('b', { dtype: 'I8', shape: [2], bytes: new Uint8Array(2) })),
    ).toBe('invalid-tensor');
    expect(
      await refusalCode(() => writer.write('b', { dtype: 'U8', shape: [2], bytes: new Uint8Array(1) })),
    ).toBe('invalid-tensor');
    await writer.write('a', new Uint8Array(4));
    await writer.write('b', new Uint8Array(2));
    await writer.close();
    expect(await refusalCode(() => writer.close())).toBe('closed');
  });

  it('refuses plans that cannot be written', async () => {
    const u8 = (name: string) => ({ name, dtype: 'U8' as const, shape: [1] });
    const code = (options: Partial<CheckpointWriterOptions>) => refusalCode(() => start(options));
    expect(await code({ tensors: [u8('a'), u8('a')] })).toBe('duplicate-tensor');
    expect(await code({ tensors: [{ name: 'a', dtype: 'U8', shape: [0.5] }] })).toBe('invalid-tensor');
    expect(await code({ tensors: [{ name: 'a', dtype: 'X1' as 'U8', shape: [1] }] })).toBe('unknown-dtype');
    expect(await code({ metadata: { a: 1 as unknown as string } })).toBe('invalid-metadata');
    expect(await code({ tied: { b: 'a' } })).toBe('invalid-name');
    expect(await code({ tied: { c: 'd' } })).toBe('unknown-tensor');
    expect(await code({ maxShardSize: 'big' })).toBe('invalid-shard-size');
    expect(await code({ baseName: '../x' })).toBe('unsafe-file-name');
    expect(await code({ files: [['../config.json', '']] })).toBe('unsafe-file-name');
    expect(await code({ files: [['model.safetensors', '']] })).toBe('already-exists');
    expect(await code({ tensors: [{ name: 'a', dtype: 'F32', shape: [2 ** 45] }] })).toBe('too-large');
  });

  it('passes a tensor of a dtype it does not know through, last in the file', async () => {
    const tensors = [{ name: 'q', dtype: 'F128' as 'U8', shape: [1], byteLength: 16 }, ...specs];
    const { writer, target } = await start({ tensors });
    await writer.write('q', new Uint8Array(16));
    await writer.write('a', new Uint8Array(4));
    await writer.write('b', new Uint8Array(2));
    await writer.close();
    const file = parseSafetensors(target.files.get('model.safetensors')!, { allowUnknownDtypes: true });
    expect(Object.keys(file.tensors)).toEqual(['a', 'b', 'q']);
  });

  it('gives every tensor back, for any plan and any parts', async () => {
    const spec = fc.record({
      dtype: fc.constantFrom('F64', 'F32', 'BF16', 'U8'),
      shape: fc.array(fc.nat(5), { maxLength: 2 }),
      part: fc.integer({ min: 1, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), spec, { maxKeys: 6 }),
        fc.integer({ min: 1, max: 60 }),
        async (plan, maxShardSize) => {
          const target = memoryTarget();
          const tensors = Object.entries(plan).map(
            ([name, { dtype, shape }]) => ({ name, dtype, shape }) as TensorSpec,
          );
          const writer = await createCheckpointWriter({ target, tensors, maxShardSize });
          const contents = new Map<string, Uint8Array>();
          for (const { name, dtype, shape } of tensors) {
            const size =
              shape.reduce((a, b) => a * b, 1) * { F64: 8, F32: 4, BF16: 2, U8: 1 }[dtype as 'F64']!;
            const bytes = Uint8Array.from({ length: size }, (_, i) => i * 7 + size);
            contents.set(name, bytes);
            const { part } = plan[name]!;
            for (let i = 0; i < size; i += part) await writer.write(name, bytes.subarray(i, i + part));
          }
          await writer.close();
          const checkpoint = await openCheckpoint(directoryDouble('x', new Map(target.files)).handle);
          expect([...checkpoint.names].sort()).toEqual([...contents.keys()].sort());
          for (const [name, bytes] of contents) expect((await checkpoint.read(name)).bytes).toEqual(bytes);
          expect(checkpoint.warnings).toEqual([]);
        },
      ),
      { numRuns: 200, seed: 1 },
    );
  });
});

describe('directoryTarget', () => {
  const write = async (directory: FileSystemDirectoryHandle, options = {}) => {
    const writer = await createCheckpointWriter({
      target: directoryTarget(directory, options),
      tensors: specs,
      maxShardSize: 4,
    });
    await writer.write('a', new Uint8Array(4));
    await writer.write('b', new Uint8Array(2));
    await writer.close();
  };

  it('writes files that can be opened again', async () => {
    const { handle, files } = directoryDouble('out');
    await write(handle);
    expect([...files.keys()]).toHaveLength(3);
    expect((await openCheckpoint(handle)).names).toEqual(['a', 'b']);
  });

  it('refuses to mix with a checkpoint that is there, and replaces it when told', async () => {
    const { handle, files } = directoryDouble(
      'out',
      new Map([
        ['model.safetensors', serializeSafetensors({})],
        ['notes.txt', new Uint8Array(1)],
      ]),
    );
    expect(await refusalCode(() => write(handle))).toBe('already-exists');
    expect([...files.keys()]).toEqual(['model.safetensors', 'notes.txt']);
    await write(handle, { overwrite: true });
    expect((await openCheckpoint(handle)).names).toEqual(['a', 'b']);
    expect(files.has('model.safetensors')).toBe(false);
    expect(files.has('notes.txt')).toBe(true);
  });

  it('leaves nothing behind when the disk fills up', async () => {
    const { handle, files } = directoryDouble('out', new Map(), 100);
    await expect(write(handle)).rejects.toThrow('disk full');
    expect(files.size).toBe(0);
  });
});
