import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CheckpointErrorCode, parseSafetensors, toBigInt64, toFloat32 } from '../src/index.js';
import { fileOf, refusal, refusalCode } from './helpers.js';

const golden = (name: string) => readFileSync(new URL(`golden/${name}`, import.meta.url));
const entry = (dtype: string, shape: unknown, offsets: unknown) => ({ dtype, shape, data_offsets: offsets });
const bytes = (...values: number[]) => Uint8Array.from(values);

describe('a file by hand', () => {
  it('gives dtype, shape and bytes of its one tensor', () => {
    const file = fileOf({ a: entry('I32', [2], [0, 8]) }, bytes(1, 0, 0, 0, 255, 255, 255, 255));
    const { tensors, metadata } = parseSafetensors(file);
    expect(Object.keys(tensors)).toEqual(['a']);
    expect(tensors.a).toMatchObject({ dtype: 'I32', shape: [2] });
    expect([...new Int32Array(tensors.a!.bytes.slice().buffer)]).toEqual([1, -1]);
    expect({ ...metadata }).toEqual({});
  });

  it('may have white space around the object', () => {
    for (const space of [' ', '\t', '\n', '\r', ' \r\n\t ']) {
      expect(parseSafetensors(fileOf(`{}${space}`)).tensors).toEqual({});
      expect(parseSafetensors(fileOf(`${space}{}`)).tensors).toEqual({});
    }
  });

  it('may hold tensors without elements and scalars', () => {
    const file = fileOf({ none: entry('I32', [2, 0], [0, 0]), one: entry('I32', [], [0, 4]) }, 4);
    const { tensors } = parseSafetensors(file);
    expect(tensors.none!.bytes.length).toBe(0);
    expect(tensors.one).toMatchObject({ shape: [], bytes: bytes(0, 0, 0, 0) });
  });

  it('may name a tensor __proto__ without touching any prototype', () => {
    const { tensors } = parseSafetensors(
      fileOf('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
    );
    expect(Object.keys(tensors)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(tensors)).toBeNull();
    expect(({} as { dtype?: string }).dtype).toBeUndefined();
  });

  it('may list tensors in any order, as the offsets say', () => {
    const file = fileOf({ b: entry('U8', [1], [1, 2]), a: entry('U8', [1], [0, 1]) }, bytes(7, 8));
    expect(Object.keys(parseSafetensors(file).tensors)).toEqual(['a', 'b']);
  });

  it('reads from a view into a larger buffer at an odd address', () => {
    const file = fileOf({ a: entry('F32', [1], [0, 4]) }, new Uint8Array(Float32Array.of(1.5).buffer));
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    expect([...toFloat32(parseSafetensors(shifted.subarray(1)).tensors.a!)]).toEqual([1.5]);
  });
});

describe('a file that Python wrote', () => {
  const { tensors, metadata } = parseSafetensors(golden('numpy.safetensors'));
  const expected = JSON.parse(golden('numpy.json').toString()) as Record<string, number[]>;

  it('keeps every name, dtype and shape', () => {
    expect({ ...metadata }).toEqual({ format: 'np' });
    expect(
      Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, `${t.dtype} ${t.shape}`])),
    ).toEqual({
      steps: 'I64 2',
      scale: 'F64 ',
      'fc.bias': 'F32 3',
      'fc.weight': 'F32 3,4',
      'ünï.漢字.😀': 'I32 ',
      brain: 'BF16 3,4',
      half: 'F16 3,4',
      empty: 'U8 2,0',
      mask: 'BOOL 2,2',
    });
  });

  it('gives the numbers NumPy had', () => {
    for (const name of ['fc.weight', 'half', 'brain'])
      expect([...toFloat32(tensors[name]!)]).toEqual(expected[name]);
    expect([...toBigInt64(tensors.steps!)]).toEqual([9007199254740993n, -7n]);
  });
});

describe('hostile bytes', () => {
  const u64 = (n: bigint) => new Uint8Array(BigUint64Array.of(n).buffer);
  const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const one = (dtype: string, shape: unknown, offsets: unknown) => ({ t: entry(dtype, shape, offsets) });
  const text = (header: string) => fileOf(header);
  const huge = '18446744073709551614';

  const vectors: [string, CheckpointErrorCode, Uint8Array][] = [
    ['an empty file', 'header-too-small', bytes()],
    ['seven bytes', 'header-too-small', new Uint8Array(7)],
    ['a length beyond the file', 'invalid-header-length', join(bytes(0x3c), new Uint8Array(7))],
    ['a length beyond the limit', 'header-too-large', bytes(0x3c, 0, 0, 0, 0, 0xff, 0xff, 0xff)],
    ['a length of 2^64 - 1', 'header-too-large', u64(2n ** 64n - 1n)],
    ['a header of no bytes', 'invalid-header-json', u64(0n)],
    ['a header that is not UTF-8', 'invalid-header-utf8', join(u64(1n), bytes(0xff))],
    ['a character cut at the end', 'invalid-header-utf8', join(u64(2n), bytes(0x7b, 0xe2))],
    ['an open brace alone', 'invalid-header-json', text('{')],
    ['an array for a header', 'invalid-header-json', text('[]')],
    ['a string for a header', 'invalid-header-json', text('"x"')],
    ['a byte order mark', 'invalid-header-json', text('\ufeff{}')],
    ['text after the header', 'invalid-header-json', text('{}x')],
    ['two objects', 'invalid-header-json', text('{}{}')],
    ['a NUL for padding', 'invalid-header-json', text('{}\0')],
    [
      'a trailing comma',
      'invalid-header-json',
      text('{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},}'),
    ],
    ['a comment', 'invalid-header-json', text('{}/**/')],
    ['a control character in a name', 'invalid-header-json', text('{"a\u0001":1}')],
    ['a name twice', 'duplicate-key', text(`{"t":${JSON.stringify(entry('U8', [0], [0, 0]))},"t":1}`)],
    ['a name twice with the same value', 'duplicate-key', text('{"__metadata__":{"a":"b","a":"b"}}')],
    ['a name twice in different spelling', 'duplicate-key', text('{"__metadata__":{"a":"b","\\u0061":"b"}}')],
    ['__proto__ twice', 'duplicate-key', text('{"__proto__":1,"__proto__":1}')],
    [
      'a dtype twice',
      'duplicate-key',
      text('{"t":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    ],
    ['nesting without end', 'nesting-too-deep', text(`{"a":${'['.repeat(100_000)}`)],
    ['a number of a million digits', 'invalid-header-json', text(`{"a":${'9'.repeat(1_000_000)}}`)],
    ['a tensor that is a number', 'invalid-tensor-entry', text('{"t":1}')],
    ['a tensor that is null', 'invalid-tensor-entry', text('{"t":null}')],
    ['a tensor without a dtype', 'invalid-tensor-entry', text('{"t":{"shape":[0],"data_offsets":[0,0]}}')],
    ['a tensor without a shape', 'invalid-tensor-entry', text('{"t":{"dtype":"U8","data_offsets":[0,0]}}')],
    ['a tensor without offsets', 'invalid-tensor-entry', text('{"t":{"dtype":"U8","shape":[0]}}')],
    ['three offsets', 'invalid-tensor-entry', fileOf(one('U8', [0], [0, 0, 0]))],
    ['offsets that are text', 'invalid-tensor-entry', fileOf(one('U8', [1], ['0', '1']), 1)],
    ['a shape that is text', 'invalid-tensor-entry', fileOf(one('U8', '1', [0, 1]), 1)],
    ['a size that is null', 'invalid-tensor-entry', fileOf(one('U8', [null], [0, 1]), 1)],
    ['a negative size', 'invalid-integer', text('{"t":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}')],
    ['minus zero', 'invalid-integer', text('{"t":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}')],
    ['a fraction', 'invalid-integer', text('{"t":{"dtype":"U8","shape":[0.0],"data_offsets":[0,0]}}')],
    ['an exponent', 'invalid-integer', text('{"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0e0]}}')],
    [
      'a size beyond 2^53',
      'integer-overflow',
      text(`{"t":{"dtype":"I32","shape":[2,${huge}],"data_offsets":[0,16]}}`),
    ],
    [
      '2^63 - 1',
      'integer-overflow',
      text('{"t":{"dtype":"I32","shape":[2,9223372036854775807],"data_offsets":[0,16]}}'),
    ],
    ['a product beyond 2^53', 'integer-overflow', fileOf(one('I32', [2 ** 40, 2 ** 40], [0, 16]), 16)],
    [
      'a product beyond 2^53 times zero',
      'integer-overflow',
      fileOf(one('I32', [2 ** 40, 2 ** 40, 0], [0, 0])),
    ],
    ['bits beyond 2^53', 'integer-overflow', fileOf(one('I32', [2 ** 50], [0, 16]), 16)],
    [
      'offsets beyond 2^53',
      'integer-overflow',
      text(`{"t":{"dtype":"U8","shape":[1],"data_offsets":[${huge},${huge}]}}`),
    ],
    ['a rank of 65', 'rank-too-large', fileOf(one('U8', Array(65).fill(1), [0, 1]), 1)],
    ['an unknown dtype', 'unknown-dtype', fileOf(one('F128', [1], [0, 16]), 16)],
    ['a dtype that objects inherit', 'unknown-dtype', fileOf(one('constructor', [1], [0, 16]), 16)],
    ['half a byte', 'misaligned-size', fileOf(one('F4', [1], [0, 1]), 1)],
    ['too few bytes for the shape', 'size-mismatch', fileOf(one('I32', [2, 2], [0, 4]), 4)],
    ['an end before the begin', 'invalid-offset', fileOf(one('U8', [1], [1, 0]), 1)],
    ['a hole before the first tensor', 'invalid-offset', fileOf(one('U8', [1], [1, 2]), 2)],
    ['a remainder', 'incomplete-buffer', fileOf(one('I32', [2, 2], [0, 16]), 26)],
    ['two missing bytes', 'incomplete-buffer', fileOf(one('I32', [2, 2], [0, 16]), 14)],
    [
      'tensors on top of each other',
      'invalid-offset',
      fileOf(
        Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`t${i}`, entry('I32', [2, 2], [0, 16])])),
        16,
      ),
    ],
    [
      'tensors with a hole between them',
      'invalid-offset',
      fileOf({ a: entry('U8', [1], [0, 1]), b: entry('U8', [1], [2, 3]) }, 3),
    ],
    ['metadata that is a list', 'invalid-metadata', text('{"__metadata__":[]}')],
    ['metadata that is null', 'invalid-metadata', text('{"__metadata__":null}')],
    ['metadata that holds a number', 'invalid-metadata', text('{"__metadata__":{"a":1}}')],
    ['metadata that holds an object', 'invalid-metadata', text('{"__metadata__":{"a":{}}}')],
    ['metadata with a lone surrogate', 'invalid-metadata', text('{"__metadata__":{"a":"\\ud800"}}')],
    [
      'a name with a lone surrogate',
      'invalid-name',
      text('{"\\udc00":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
    ],
    [
      'a PyTorch archive',
      'unsupported-format',
      join(bytes(0x50, 0x4b, 3, 4, 0, 0, 8, 8), new Uint8Array(20)),
    ],
    ['an old PyTorch pickle', 'unsupported-format', bytes(0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9)],
    [
      'a Git LFS pointer',
      'unsupported-format',
      new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\n'),
    ],
    ['a GGUF file', 'unsupported-format', new TextEncoder().encode('GGUF\x03\0\0\0\0\0\0\0')],
  ];

  it.each(vectors)('refuses %s as %s', async (_, code, file) => {
    expect(await refusalCode(() => parseSafetensors(file))).toBe(code);
  });

  it('refuses more tensors than any model has', async () => {
    const entries = Array.from(
      { length: 250_002 },
      (_, i) => `"${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`,
    );
    expect(await refusalCode(() => parseSafetensors(fileOf(`{${entries.join()}}`)))).toBe('too-many-values');
  });

  it('escapes control characters and cuts long names in the message', async () => {
    const name = `\\u001b[31m\\u202e${'x'.repeat(10_000)}`;
    const error = await refusal(() => parseSafetensors(fileOf(`{"${name}":1}`)));
    expect(error.message).toContain('\\u001b[31m\\u202exxx');
    expect(error.message.length).toBeLessThan(400);
  });

  it('names the file and the tensor, what was expected and what came', async () => {
    const error = await refusal(() =>
      parseSafetensors(fileOf(one('I32', [2, 2], [0, 4]), 4), { where: 'x.safetensors' }),
    );
    expect(error.message).toBe(
      'x.safetensors: tensor "t": expected 16 bytes for I32 of shape [2, 2], received 4',
    );
    expect(error).toMatchObject({ code: 'size-mismatch', where: 'x.safetensors: tensor "t"', received: '4' });
  });

  it('tells how to convert a pickle without running it', async () => {
    const zip = join(bytes(0x50, 0x4b, 3, 4, 0, 0, 8, 8), new Uint8Array(20));
    expect((await refusal(() => parseSafetensors(zip, { where: 'pytorch_model.bin' }))).message).toMatch(
      /torch\.load\('pytorch_model\.bin'.*weights_only=True.*save_file/,
    );
  });
});

it('passes tensors of unknown dtypes through when asked', () => {
  const file = fileOf({ t: entry('F128', [1], [0, 16]) }, 16);
  const { tensors } = parseSafetensors(file, { allowUnknownDtypes: true });
  expect(tensors.t).toMatchObject({ dtype: 'F128', shape: [1] });
  expect(tensors.t!.bytes.length).toBe(16);
});
