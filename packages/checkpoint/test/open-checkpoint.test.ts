import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Checkpoint,
  directorySource,
  type FolderSource,
  memorySource,
  openCheckpoint,
  serializeSafetensors,
  toFloat32,
} from '../src/index.js';
import { directoryDouble } from './directory-double.js';
import { fileOf, refusal, refusalCode } from './helpers.js';

const u8 = (...values: number[]) => ({
  dtype: 'U8' as const,
  shape: [values.length],
  bytes: Uint8Array.from(values),
});
const text = (value: unknown) =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const index = (weight_map: unknown, metadata?: unknown) => text({ metadata, weight_map });
const fixture = (name: string) =>
  Object.fromEntries(
    readdirSync(new URL(`__fixtures__/${name}`, import.meta.url)).map((file) => [
      file,
      readFileSync(new URL(`__fixtures__/${name}/${file}`, import.meta.url)) as Uint8Array,
    ]),
  );

/** A folder in memory that knows what is still open. */
function memoryFolder(files: Record<string, Uint8Array>, canList = true) {
  const open = new Set<object>();
  const folder: FolderSource = {
    label: 'folder',
    list: async () => (canList ? Object.keys(files) : undefined),
    open: async (name) => {
      if (!Object.hasOwn(files, name)) return undefined;
      const source = memorySource(files[name]!, `folder/${name}`);
      const token = {};
      open.add(token);
      return { ...source, close: async () => void open.delete(token) };
    },
  };
  return { folder, open };
}

const one = serializeSafetensors({ a: u8(1, 2, 3), b: u8(4) }, { format: 'pt' });

describe('one file', () => {
  it('can be bytes, a buffer, a blob, a file, a file handle or a source', async () => {
    const { handle } = directoryDouble('d', new Map([['x.safetensors', one]]));
    const sources = [
      one,
      one.slice().buffer,
      new Blob([one as Uint8Array<ArrayBuffer>]),
      new File([one as Uint8Array<ArrayBuffer>], 'x.safetensors'),
      await handle.getFileHandle('x.safetensors'),
      memorySource(one, 'mine'),
    ];
    for (const source of sources) {
      const checkpoint = await openCheckpoint(source);
      expect(checkpoint.names).toEqual(['a', 'b']);
      expect(checkpoint.tensors.get('a')).toMatchObject({ dtype: 'U8', shape: [3], byteLength: 3 });
      expect({ ...checkpoint.metadata }).toEqual({ format: 'pt' });
      expect(await checkpoint.read('a')).toEqual(u8(1, 2, 3));
      expect((await checkpoint.readAll()).tensors.b).toEqual(u8(4));
      await checkpoint.close();
    }
  });

  it('reads a part of a tensor into the start of a slab', async () => {
    const checkpoint = await openCheckpoint(one);
    const slab = new Uint8Array(4).fill(9);
    await checkpoint.readInto('a', [1, 3], slab);
    expect([...slab]).toEqual([2, 3, 9, 9]);
    await checkpoint.readInto('a', [3, 3], new Uint8Array(0));
  });

  it('refuses ranges outside the tensor and slabs that are too short', async () => {
    const checkpoint = await openCheckpoint(one);
    const slab = new Uint8Array(3);
    for (const range of [
      [0, 4],
      [-1, 1],
      [2, 1],
      [0.5, 1],
      [0, NaN],
    ] as const) {
      expect(await refusalCode(() => checkpoint.readInto('a', range, slab))).toBe('invalid-range');
    }
    expect(await refusalCode(() => checkpoint.readInto('a', [0, 3], new Uint8Array(2)))).toBe(
      'invalid-range',
    );
  });

  it('refuses unknown names, and everything once closed', async () => {
    const checkpoint = await openCheckpoint(one);
    expect(await refusalCode(() => checkpoint.read('toString'))).toBe('unknown-tensor');
    await checkpoint.close();
    expect(await refusalCode(() => checkpoint.read('a'))).toBe('closed');
  });

  it('tells of progress in bytes and stops when asked', async () => {
    const checkpoint = await openCheckpoint(one);
    const seen: string[] = [];
    await checkpoint.readAll({
      onProgress: ({ done, total, label }) => seen.push(`${label} ${done}/${total}`),
    });
    expect(seen).toEqual(['a 3/4', 'b 4/4']);
    const blob = await openCheckpoint(new Blob([one as Uint8Array<ArrayBuffer>]));
    await expect(blob.readAll({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  it('knows which weights share memory with a stored one', async () => {
    const tied = serializeSafetensors(
      { 'embed.weight': u8(1) },
      { 'lm_head.weight': 'embed.weight', format: 'pt' },
    );
    expect([...(await openCheckpoint(tied)).tied]).toEqual([['lm_head.weight', 'embed.weight']]);
  });

  it('closes by itself at the end of its block', async () => {
    let kept: Checkpoint;
    {
      await using checkpoint = await openCheckpoint(one);
      kept = checkpoint;
    }
    expect(await refusalCode(() => kept.read('a'))).toBe('closed');
  });

  it('refuses sources of another kind', async () => {
    for (const source of ['./model.safetensors', 'ftp://x/y', 'hf://', 3, null, {}]) {
      expect(await refusalCode(() => openCheckpoint(source as string))).toBe('unsupported-source');
    }
  });

  it('notices a source that gives fewer bytes than it promised', async () => {
    const cut = { ...memorySource(one.subarray(0, one.length - 1)), size: one.length };
    expect(await refusalCode(async () => (await openCheckpoint(cut)).readAll())).toBe('short-read');
  });
});

describe('a folder', () => {
  it('with shards that Python wrote reads as one checkpoint', async () => {
    const { folder, open } = memoryFolder(fixture('sharded'));
    const checkpoint = await openCheckpoint(folder);
    expect([...checkpoint.tensors].map(([name, { file }]) => `${name} ${file}`)).toEqual([
      'a.bias model-00001-of-00002.safetensors',
      'a.weight model-00001-of-00002.safetensors',
      'steps model-00002-of-00002.safetensors',
      'b.weight model-00002-of-00002.safetensors',
    ]);
    expect([...toFloat32(await checkpoint.read('b.weight'))]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(checkpoint.warnings).toEqual([]);
    expect([...(await checkpoint.readModelFiles()).keys()]).toEqual(['config.json']);
    expect(new TextDecoder().decode(await checkpoint.readFile('config.json'))).toContain(
      '"rms_norm_eps": 1e-06',
    );
    expect(await checkpoint.readFile('nothing.json')).toBeUndefined();
    await checkpoint.close();
    expect(open.size).toBe(0);
  });

  it('can be a directory handle', async () => {
    const { handle } = directoryDouble('models', new Map(Object.entries(fixture('sharded'))));
    for (const source of [handle, directorySource(handle)]) {
      expect((await openCheckpoint(source)).names).toHaveLength(4);
    }
    expect(await refusalCode(async () => directorySource(handle).open('../x'))).toBe('unsafe-file-name');
  });

  const found = async (names: string[], options = {}) => {
    const files = Object.fromEntries(
      names.map((name) => [
        name,
        name.endsWith('.json')
          ? index({ a: 'model-00001-of-00001.safetensors' })
          : serializeSafetensors({ a: u8(1) }),
      ]),
    );
    return (await openCheckpoint(memoryFolder(files).folder, options)).label;
  };

  it('is searched for the usual names', async () => {
    expect(await found(['model.safetensors', 'consolidated.safetensors'])).toBe('folder/model.safetensors');
    expect(await found(['model.safetensors.index.json', 'model-00001-of-00001.safetensors'])).toBe('folder');
    expect(await found(['adapter_model.safetensors', 'README.md'])).toBe('folder/adapter_model.safetensors');
    expect(await found(['mine.safetensors'])).toBe('folder/mine.safetensors');
    expect(await found(['x.safetensors', 'y.safetensors'], { file: 'y.safetensors' })).toBe(
      'folder/y.safetensors',
    );
  });

  it('without a safe checkpoint is refused, with what to do', async () => {
    expect(await refusalCode(() => found(['x.safetensors', 'y.safetensors']))).toBe('ambiguous-folder');
    expect(await refusalCode(() => found(['model.safetensors', 'model.safetensors.index.json']))).toBe(
      'ambiguous-folder',
    );
    expect(await refusalCode(() => found(['model-00001-of-00002.safetensors']))).toBe('missing-file');
    expect(await refusalCode(() => found(['README.md']))).toBe('missing-file');
    expect(await refusalCode(() => found(['x.safetensors'], { file: 'z.safetensors' }))).toBe('missing-file');
    for (const file of ['pytorch_model.bin', 'model.pt', 'last.ckpt']) {
      const error = await refusal(() => found([file, 'config.json']));
      expect(error.code).toBe('unsupported-format');
      expect(error.message).toContain(`torch.load('${file}', map_location='cpu', weights_only=True)`);
    }
  });

  it('that cannot be listed is asked for the usual names', async () => {
    const { folder } = memoryFolder({ 'model.safetensors': one }, false);
    expect((await openCheckpoint(folder)).names).toEqual(['a', 'b']);
    expect(await refusalCode(() => openCheckpoint(memoryFolder({}, false).folder))).toBe('missing-file');
  });
});

describe('an index', () => {
  const s1 = 'model-00001-of-00002.safetensors';
  const s2 = 'model-00002-of-00002.safetensors';
  const shards = { [s1]: serializeSafetensors({ a: u8(1) }), [s2]: serializeSafetensors({ b: u8(2, 3) }) };
  const open = async (weightMap: Uint8Array, files: Record<string, Uint8Array> = shards) => {
    const made = memoryFolder({ 'model.safetensors.index.json': weightMap, ...files });
    try {
      return await openCheckpoint(made.folder);
    } catch (error) {
      expect(made.open.size).toBe(0);
      throw error;
    }
  };

  it('may be without metadata, or wrong about the size, which is only a warning', async () => {
    expect((await open(index({ a: s1, b: s2 }))).warnings).toEqual([]);
    expect((await open(index({ a: s1, b: s2 }, { total_size: 3 }))).warnings).toEqual([]);
    expect((await open(index({ a: s1, b: s2 }, { total_size: 4 }))).warnings).toEqual([
      'folder/model.safetensors.index.json: total_size is 4, the tensors take 3 bytes',
    ]);
  });

  it('leaves out, with a warning, tensors it does not mention', async () => {
    const checkpoint = await open(index({ a: s1, b: s2 }), {
      ...shards,
      [s2]: serializeSafetensors({ b: u8(2), c: u8(3) }),
    });
    expect(checkpoint.names).toEqual(['a', 'b']);
    expect(checkpoint.warnings).toEqual([`${s2}: tensor "c" is not in the index and is left out`]);
  });

  it('may name a tensor __proto__', async () => {
    const files = { [s1]: serializeSafetensors({ ['__proto__']: u8(7) }) };
    expect((await open(text(`{"weight_map":{"__proto__":"${s1}"}}`), files)).names).toEqual(['__proto__']);
  });

  it.each([
    '../x.safetensors',
    '/etc/x.safetensors',
    'a/b.safetensors',
    'a\\b.safetensors',
    '..',
    '.',
    '',
    'C:x.safetensors',
    'x\0.safetensors',
    `${'x'.repeat(300)}.safetensors`,
  ])('that names the file %j is refused', async (file) => {
    expect(await refusalCode(() => open(index({ a: s1, b: file })))).toBe('unsafe-file-name');
  });

  it('is refused when it and the shards disagree', async () => {
    expect(await refusalCode(() => open(index({ a: s1, b: s1 })))).toBe('missing-tensor');
    expect(await refusalCode(() => open(index({ a: s2, b: s1 })))).toBe('missing-tensor');
    expect(await refusalCode(() => open(index({ a: s1, c: s2 })))).toBe('missing-tensor');
    expect(await refusalCode(() => open(index({ a: s1, b: 'model-00003-of-00003.safetensors' })))).toBe(
      'missing-file',
    );
    const twice = {
      [s1]: serializeSafetensors({ a: u8(1) }),
      [s2]: serializeSafetensors({ a: u8(1), b: u8(1) }),
    };
    expect(await refusalCode(() => open(index({ a: s1, b: s2 }), twice))).toBe('duplicate-tensor');
    expect(await refusalCode(() => open(index({ a: s1, b: s2 }), { ...shards, [s2]: fileOf('{') }))).toBe(
      'invalid-header-json',
    );
  });

  it('is refused when it is no index', async () => {
    for (const json of ['[]', 'null', '{}', '{"weight_map":[]}', '{"weight_map":{"a":1}}']) {
      expect(await refusalCode(() => open(text(json)))).toBe('invalid-index');
    }
    expect(await refusalCode(() => open(text('{"weight_map":')))).toBe('invalid-json');
    expect(await refusalCode(() => open(text(`{"weight_map":{"a":"${s1}","a":"${s1}"}}`)))).toBe(
      'duplicate-key',
    );
    expect(await refusalCode(() => open(index({ a: 'pytorch_model-00001-of-00002.bin' })))).toBe(
      'unsupported-format',
    );
    const many = Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`t${i}`, `${i}.safetensors`]));
    expect(await refusalCode(() => open(index(many)))).toBe('invalid-index');
  });
});
