import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CheckpointError,
  type FolderSource,
  memorySource,
  openCheckpoint,
  parseSafetensors,
  serializeSafetensors,
} from '../src/index.js';
import { parseIndex } from '../src/internal/read-index.js';
import { fileOf } from './helpers.js';

/** A small real file to damage. */
const valid = serializeSafetensors(
  {
    'a.weight': { dtype: 'F32', shape: [2, 2], bytes: new Uint8Array(16) },
    'b.bias': { dtype: 'BF16', shape: [2], bytes: new Uint8Array(4) },
  },
  { format: 'pt' },
);

/** Runs `read`, which may only succeed or refuse by name; tells which. */
function outcome(read: () => unknown): string {
  try {
    read();
    return 'accepted';
  } catch (error) {
    if (CheckpointError.isInstance(error)) return error.code;
    throw error;
  }
}

/** Bytes overwritten, put in or cut out, mostly by characters that mean something in JSON. */
const edits = fc.array(
  fc.record({
    at: fc.nat(valid.length),
    put: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.array(fc.constantFrom(...'0123456789[]{}:,"-e.F '), { minLength: 1, maxLength: 3 }),
      },
      {
        weight: 1,
        arbitrary: fc.array(
          fc.nat(255).map((byte) => String.fromCharCode(byte)),
          { maxLength: 3 },
        ),
      },
    ),
    remove: fc.option(fc.nat(4), { freq: 3 }),
  }),
  { minLength: 1, maxLength: 2 },
);

const damaged = edits.map((list) =>
  list.reduce((bytes, { at, put, remove }) => {
    const inserted = put.map((character) => character.charCodeAt(0));
    return Uint8Array.from([
      ...bytes.subarray(0, at),
      ...inserted,
      ...bytes.subarray(at + (remove ?? put.length)),
    ]);
  }, valid),
);

/** Values that a careless reader trips over. */
const odd = fc.constantFrom(
  '0',
  '4',
  '16',
  '-1',
  '1.0',
  '1e1',
  '9007199254740993',
  '18446744073709551615',
  '"1"',
  'null',
  '[]',
  '{}',
  '""',
  'true',
);
const key = fc.constantFrom(
  '"a"',
  '"b"',
  '"__proto__"',
  '"__metadata__"',
  '"constructor"',
  '"\\ud800"',
  '"\\u0061"',
  '""',
);
const entry = fc
  .record({
    dtype: fc.constantFrom('"F32"', '"F4"', '"X"', '1'),
    shape: fc.array(odd, { maxLength: 3 }),
    offsets: fc.array(odd, { maxLength: 3 }),
  })
  .map(({ dtype, shape, offsets }) => `{"dtype":${dtype},"shape":[${shape}],"data_offsets":[${offsets}]}`);
const header = fc
  .array(fc.tuple(key, fc.oneof(entry, odd)), { maxLength: 3 })
  .map((pairs) => `{${pairs.map(([name, value]) => `${name}:${value}`)}}`);

/** JSON-like text of any shape. */
const jsonish = fc
  .array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"a"',
      '"',
      '\\',
      '1',
      '-',
      '.',
      'e',
      'true',
      'null',
      ' ',
      '\n',
      '\u00e9',
      '\u0000',
      '/*',
      '"weight_map"',
    ),
    {
      maxLength: 16,
    },
  )
  .map((parts) => parts.join(''));

describe('random bytes', () => {
  it('are accepted or refused by name: 40 000 damaged files', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(damaged, (file) => {
        const code = outcome(() => parseSafetensors(file));
        seen.set(code, (seen.get(code) ?? 0) + 1);
      }),
      { numRuns: 40_000, seed: 1 },
    );
    // The damage reaches deep: many different faults are told apart.
    expect(seen.size).toBeGreaterThan(10);
  });

  it('are accepted or refused by name: 40 000 odd headers', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(header, fc.nat(20), (json, size) => {
        const file = fileOf(json, size);
        const code = outcome(() => parseSafetensors(file));
        seen.add(code);
        if (code === 'accepted') {
          // What is accepted covers the data exactly, once.
          const { tensors } = parseSafetensors(file);
          expect(Object.values(tensors).reduce((sum, { bytes }) => sum + bytes.length, 0)).toBe(size);
        }
      }),
      { numRuns: 40_000, seed: 2 },
    );
    expect(seen.size).toBeGreaterThan(8);
    expect(seen).toContain('accepted');
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  it('are JSON to us exactly when they are JSON to the engine: 20 000 texts', () => {
    fc.assert(
      fc.property(jsonish, (text) => {
        let json = true;
        try {
          JSON.parse(text);
        } catch {
          json = false;
        }
        const code = outcome(() => parseIndex(new TextEncoder().encode(text), 'index'));
        if (code !== 'duplicate-key') expect([text, code === 'invalid-json']).toEqual([text, !json]);
      }),
      { numRuns: 20_000, seed: 3 },
    );
  });

  it('in an index never lead out of the folder: 10 000 indexes', async () => {
    const name = fc.oneof(
      fc.constantFrom(
        'model.safetensors',
        '../x.safetensors',
        '..',
        '/x.safetensors',
        '\\x.safetensors',
        'C:\\x.safetensors',
        '.safetensors',
      ),
      fc.string({ maxLength: 5 }).map((text) => `${text}.safetensors`),
    );
    const opened = new Set<string>();
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom('a.weight', 'b.bias', 'c'), name, { maxKeys: 3 }),
        async (map) => {
          const folder: FolderSource = {
            label: 'folder',
            list: async () => ['model.safetensors.index.json'],
            open: async (file) => {
              if (file.endsWith('.json'))
                return memorySource(new TextEncoder().encode(JSON.stringify({ weight_map: map })));
              opened.add(file);
              return file === 'model.safetensors' ? memorySource(valid) : undefined;
            },
          };
          const code = await openCheckpoint(folder).then(
            () => 'accepted',
            (error: unknown) => (CheckpointError.isInstance(error) ? error.code : Promise.reject(error)),
          );
          seen.add(code);
        },
      ),
      { numRuns: 10_000, seed: 4 },
    );
    expect([...opened].filter((file) => file === '..' || /[/\\:]/.test(file))).toEqual([]);
    expect(opened).toContain('model.safetensors');
    expect([...seen].sort()).toEqual(['accepted', 'missing-file', 'missing-tensor', 'unsafe-file-name']);
  });
});

describe('bounds', () => {
  it('are kept before memory is: a length near the limit in a tiny file', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (const length of [99_999_999n, 100_000_000n, 100_000_001n, 2n ** 63n]) {
      const file = new Uint8Array(64);
      new DataView(file.buffer).setBigUint64(0, length, true);
      expect(['invalid-header-length', 'header-too-large']).toContain(outcome(() => parseSafetensors(file)));
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  it('stop endless nesting and endless lists early', { timeout: 20_000 }, () => {
    expect(outcome(() => parseSafetensors(fileOf(`{"a":${'['.repeat(5_000_000)}`)))).toBe('nesting-too-deep');
    expect(outcome(() => parseSafetensors(fileOf(`{"a":${'{"b":'.repeat(1_000_000)}`)))).toBe(
      'nesting-too-deep',
    );
    expect(outcome(() => parseSafetensors(fileOf(`{"a":[${'0,'.repeat(6_000_000)}0]}`)))).toBe(
      'too-many-values',
    );
  });
});
