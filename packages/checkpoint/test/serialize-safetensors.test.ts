import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Dtype,
  dtypeBits,
  dtypes,
  parseSafetensors,
  type RawStateDict,
  serializeSafetensors,
} from '../src/index.js';
import { fileOf, plainHeader, refusalCode } from './helpers.js';

const u8 = (...values: number[]) => ({
  dtype: 'U8' as Dtype,
  shape: [values.length],
  bytes: Uint8Array.from(values),
});

describe('serializeSafetensors', () => {
  it('writes the bytes of the format for one tensor', () => {
    const file = serializeSafetensors({ a: u8(1, 2) });
    const json = '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}';
    expect(file).toEqual(fileOf(json.padEnd(Math.ceil(json.length / 8) * 8), Uint8Array.of(1, 2)));
  });

  it('writes the same bytes as the file that Python wrote', () => {
    const golden = readFileSync(new URL('golden/numpy.safetensors', import.meta.url));
    const { tensors, metadata } = parseSafetensors(golden);
    expect(Buffer.from(serializeSafetensors(tensors, metadata)).equals(golden)).toBe(true);
  });

  it('puts wide dtypes first, then sorts by the UTF-8 bytes of the name', () => {
    const names = ['b', 'a', '10', '9', '\uffee', '😀'];
    const tensors: RawStateDict = Object.fromEntries(names.map((name) => [name, u8(0)]));
    tensors.z = { dtype: 'F32', shape: [], bytes: new Uint8Array(4) };
    tensors.y = { dtype: 'BF16', shape: [1], bytes: new Uint8Array(2) };
    tensors.x = { dtype: 'F16', shape: [1], bytes: new Uint8Array(2) };
    const order = Object.keys(parseSafetensors(serializeSafetensors(tensors)).tensors).filter(
      (n) => !/^\d/.test(n),
    );
    expect(order).toEqual(['z', 'y', 'x', 'a', 'b', '\uffee', '😀']);
    const offsets = plainHeader(serializeSafetensors(tensors));
    expect(offsets['10']!.data_offsets[0]).toBeLessThan(offsets['9']!.data_offsets[0]!);
  });

  it('sorts the metadata, so that equal contents give equal files', () => {
    const a = serializeSafetensors({ a: u8(1), b: u8(2) }, { x: '1', y: '2' });
    const b = serializeSafetensors({ b: u8(2), a: u8(1) }, { y: '2', x: '1' });
    expect(a).toEqual(b);
  });

  it('refuses what no reader would take', async () => {
    const wrongSize = { ...u8(1), shape: [2] };
    expect(await refusalCode(() => serializeSafetensors({ a: wrongSize }))).toBe('invalid-tensor');
    expect(await refusalCode(() => serializeSafetensors({ a: { ...u8(1), shape: [-1] } }))).toBe(
      'invalid-tensor',
    );
    expect(await refusalCode(() => serializeSafetensors({ __metadata__: u8(1) }))).toBe('invalid-name');
    expect(await refusalCode(() => serializeSafetensors({ '\ud800': u8(1) }))).toBe('invalid-name');
    expect(await refusalCode(() => serializeSafetensors({}, { a: 1 as unknown as string }))).toBe(
      'invalid-metadata',
    );
  });

  it('keeps every tensor through a round trip, aligned to its element size', () => {
    const tensor = fc
      .record({ dtype: fc.constantFrom(...dtypes), shape: fc.array(fc.nat(4), { maxLength: 3 }) })
      .map(({ dtype, shape }) => {
        const whole = dtypeBits[dtype] % 8 === 0 ? shape : [...shape, 8];
        const size = (whole.reduce((a, b) => a * b, 1) * dtypeBits[dtype]) / 8;
        return {
          dtype,
          shape: whole,
          bytes: Uint8Array.from({ length: size }, (_, i) => (i * 37 + size) & 255),
        };
      });
    const name = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('__proto__', 'constructor', '1', ''),
    );
    fc.assert(
      fc.property(fc.dictionary(name, tensor, { maxKeys: 8, noNullPrototype: false }), (given) => {
        const file = serializeSafetensors(given);
        const { tensors } = parseSafetensors(file);
        expect(Object.keys(tensors).sort()).toEqual(Object.keys(given).sort());
        for (const [key, value] of Object.entries(given)) {
          expect(tensors[key]).toEqual(value);
          const size = Math.max(1, dtypeBits[value.dtype] / 8);
          if (Number.isInteger(size)) expect(tensors[key]!.bytes.byteOffset % size).toBe(0);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
