import { describe, expect, it } from 'vitest';
import {
  addGaussianNoise,
  adjustContrast,
  loadDigits,
  rotateDigits,
  shiftDigits,
  translateDigits,
} from '../src/index.js';
import { dot, parkMiller } from './helpers.js';

describe('shiftDigits', () => {
  it('changes nothing, in a new array, when nothing is asked', () => {
    const image = dot(2, 3, 0.3);
    const out = shiftDigits(image, {});
    expect(out).toEqual(image);
    expect(out).not.toBe(image);
  });

  it('turns, moves, changes contrast and adds noise, in this order, and leaves the input unchanged', async () => {
    const { images } = await loadDigits();
    const some = images.slice(0, 640);
    const copy = some.slice();
    const noise = { standardDeviation: 0.2 };
    const out = shiftDigits(some, {
      degrees: 15,
      dx: 1,
      dy: -1,
      contrast: 0.8,
      brightness: 0.05,
      noise: { ...noise, random: parkMiller(1) },
    });
    const turned = rotateDigits(some, { degrees: 15 });
    const moved = translateDigits(turned, { dx: 1, dy: -1 });
    const toned = adjustContrast(moved, { contrast: 0.8, brightness: 0.05 });
    expect(out).toEqual(addGaussianNoise(toned, { ...noise, random: parkMiller(1) }));
    expect(some).toEqual(copy);
  });
});
