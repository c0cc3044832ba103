import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { translateDigits } from '../src/index.js';
import { imagesArbitrary, dot } from './helpers.js';

describe('translateDigits', () => {
  it('moves a dot right and down by the given pixels in every image', () => {
    const two = new Float32Array([...dot(3, 2), ...dot(0, 0)]);
    expect(translateDigits(two, { dx: 2, dy: 1 })).toEqual(new Float32Array([...dot(5, 3), ...dot(2, 1)]));
    expect(translateDigits(two, { dx: -3, dy: -2 })).toEqual(
      new Float32Array([...dot(0, 0), ...new Float32Array(64)]),
    );
  });

  it('loses everything that leaves the image, at any distance', () => {
    expect(translateDigits(dot(7, 7), { dx: 1 })).toEqual(new Float32Array(64));
    expect(translateDigits(dot(3, 3), { dx: 100, dy: -100 })).toEqual(new Float32Array(64));
  });

  it('is undone by the opposite move wherever nothing left the image', () => {
    fc.assert(
      fc.property(
        imagesArbitrary,
        fc.integer({ min: -7, max: 7 }),
        fc.integer({ min: -7, max: 7 }),
        (images, dx, dy) => {
          const there = translateDigits(images, { dx, dy });
          const back = translateDigits(there, { dx: -dx, dy: -dy });
          for (let i = 0; i < images.length; i++) {
            const x = (i % 8) + dx;
            const y = (Math.floor(i / 8) % 8) + dy;
            const kept = x >= 0 && x < 8 && y >= 0 && y < 8;
            if (back[i] !== (kept ? images[i] : 0)) return false;
          }
          return true;
        },
      ),
    );
  });

  it('refuses part images, parts of pixels and numbers that are not finite', () => {
    expect(() => translateDigits(new Float32Array(65), {})).toThrow(
      'images has 65 values, expected a multiple of 64',
    );
    expect(() => translateDigits(new Float32Array(64), { dx: 0.5 })).toThrow(
      'dx is 0.5, expected a whole number',
    );
    expect(() => translateDigits(new Float32Array(128).fill(NaN, 70), {})).toThrow(
      'images[70] (image 1) is NaN, expected a finite number',
    );
  });
});
