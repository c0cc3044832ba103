import { describe, expect, it } from 'vitest';
import { dtypeBits, dtypes, elementCount, isDtype, tensorByteLength } from '../src/index.js';
import { refusalCode } from './helpers.js';

describe('dtypes', () => {
  it('are those of the format, in its order', () => {
    expect(dtypes.join(' ')).toBe(
      'BOOL F4 F6_E2M3 F6_E3M2 U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ I16 U16 F16 BF16 I32 U32 F32 C64 F64 I64 U64',
    );
    expect(dtypeBits).toMatchObject({ F4: 4, F6_E2M3: 6, BOOL: 8, BF16: 16, C64: 64 });
  });

  it('are told from other words, inherited ones too', () => {
    expect(isDtype('BF16')).toBe(true);
    for (const name of ['bf16', 'F128', 'toString', '__proto__', '']) expect(isDtype(name)).toBe(false);
  });
});

describe('tensorByteLength', () => {
  it('multiplies the shape by the width of an element', () => {
    expect(tensorByteLength('F32', [2, 3])).toBe(24);
    expect(tensorByteLength('F16', [])).toBe(2);
    expect(tensorByteLength('I64', [5, 0])).toBe(0);
    expect(tensorByteLength('F4', [3, 2])).toBe(3);
    expect(tensorByteLength('F6_E3M2', [4])).toBe(3);
    expect(elementCount([2, 3, 4])).toBe(24);
  });

  it('refuses sizes that are no whole bytes or that numbers cannot hold', async () => {
    expect(await refusalCode(() => tensorByteLength('F4', [3]))).toBe('misaligned-size');
    expect(await refusalCode(() => tensorByteLength('U8', [2 ** 51]))).toBe('integer-overflow');
    expect(await refusalCode(() => elementCount([2 ** 30, 2 ** 30]))).toBe('integer-overflow');
    expect(await refusalCode(() => elementCount([2 ** 30, 2 ** 30, 0]))).toBe('integer-overflow');
  });
});
