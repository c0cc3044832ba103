import { describe, expect, it } from 'vitest';
import { fromFloats, toFloats } from '../../src/gpujs/float-image.js';
import { decode } from '../conformance/reference/special.js';

describe('toFloats', () => {
  it.each(['bfloat16', 'float16'] as const)('decodes every code of %s', (dtype) => {
    const codes = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const got = toFloats(codes, dtype, false);
    got.forEach((v, code) => {
      if (!Object.is(v, decode(dtype, code)))
        expect.fail(`code ${code} gives ${v} instead of ${decode(dtype, code)}`);
    });
  });

  it('leaves codes as they are for steps that move them, and float32 untouched', () => {
    expect([...toFloats(Uint16Array.of(0, 65535), 'bfloat16', true)]).toEqual([0, 65535]);
    const floats = Float32Array.of(1, 2);
    expect(toFloats(floats, 'float32', false)).toBe(floats);
    expect([...toFloats(Int8Array.of(-128, 127), 'int8', false)]).toEqual([-128, 127]);
  });
});

describe('fromFloats', () => {
  it('saturates int32 and takes NaN as 0', () => {
    const values = Float32Array.of(2147483648, -2147483648, 3e9, -7, NaN);
    expect([...fromFloats(values, 'int32')]).toEqual([2147483647, -2147483648, 2147483647, -7, 0]);
  });
});
