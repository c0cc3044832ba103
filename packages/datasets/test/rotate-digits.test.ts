import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadDigits, rotateDigits } from '../src/index.js';
import golden from './golden/rotate.json' with { type: 'json' };
import { dot, imagesArbitrary } from './helpers.js';

const largestGap = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((gap, value, i) => Math.max(gap, Math.abs(value - b[i]!)), 0);

describe('rotateDigits', () => {
  it('brings the top right corner to the top left with a quarter turn counter-clockwise', () => {
    expect(largestGap(rotateDigits(dot(7, 0), { degrees: 90 }), dot(0, 0))).toBeLessThan(1e-6);
  });

  it('changes nothing at 0 degrees', () => {
    fc.assert(
      fc.property(
        imagesArbitrary,
        (images) => largestGap(rotateDigits(images, { degrees: 0 }), images) === 0,
      ),
    );
  });

  it.each(Object.entries(golden.turned))(
    'agrees with scipy on digit 901 turned by %s degrees',
    async (degrees, expected) => {
      const { images } = await loadDigits();
      const turned = rotateDigits(images.subarray(900 * 64, 903 * 64), { degrees: Number(degrees) });
      // scipy computes in float64, ours is stored as float32: half a unit in the last place of 1 is 6e-8.
      expect(largestGap(turned.subarray(64, 128), expected)).toBeLessThan(1e-6);
    },
  );

  it('never leaves the range of the input and 0', () => {
    fc.assert(
      fc.property(imagesArbitrary, fc.double({ min: -360, max: 360, noNaN: true }), (images, degrees) =>
        rotateDigits(images, { degrees }).every((grey) => grey >= 0 && grey <= 1 + 1e-6),
      ),
    );
  });

  it('refuses an angle that is not finite', () => {
    expect(() => rotateDigits(dot(0, 0), { degrees: NaN })).toThrow(
      'degrees is NaN, expected a finite number',
    );
  });
});
