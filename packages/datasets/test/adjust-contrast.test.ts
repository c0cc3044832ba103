import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adjustContrast } from '../src/index.js';
import { dot, imagesArbitrary } from './helpers.js';

describe('adjustContrast', () => {
  it('halves the distance from mid-grey at contrast 0.5, then adds the brightness', () => {
    const out = adjustContrast(dot(0, 0), { contrast: 0.5, brightness: 0.125 });
    expect([out[0], out[1]]).toEqual([0.875, 0.375]);
  });

  it('clips to 0 and 1', () => {
    const out = adjustContrast(dot(0, 0, 0.75), { contrast: 4 });
    expect([out[0], out[1]]).toEqual([1, 0]);
  });

  it('makes every pixel mid-grey at contrast 0', () => {
    fc.assert(
      fc.property(imagesArbitrary, (images) =>
        adjustContrast(images, { contrast: 0 }).every((v) => v === 0.5),
      ),
    );
  });

  it('refuses a negative contrast and an infinite brightness', () => {
    expect(() => adjustContrast(dot(0, 0), { contrast: -1 })).toThrow(
      'contrast is -1, expected a finite number of at least 0',
    );
    expect(() => adjustContrast(dot(0, 0), { brightness: Infinity })).toThrow('brightness is Infinity');
  });
});
