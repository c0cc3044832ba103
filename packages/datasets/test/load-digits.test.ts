import { describe, expect, it } from 'vitest';
import { loadDigits } from '../src/index.js';
import golden from './golden/tables.json' with { type: 'json' };

describe('loadDigits', async () => {
  const digits = await loadDigits();
  const { images, labels } = digits;

  it('holds 1797 images of 64 grey values between 0 and 1 with labels 0 to 9', () => {
    expect([images.length, labels.length]).toEqual([1797 * 64, 1797]);
    expect(digits).toMatchObject({ count: 1797, features: 64, classes: 10, licence: 'CC BY 4.0' });
    expect(images.every((grey) => grey >= 0 && grey <= 1 && Number.isInteger(grey * 16))).toBe(true);
    expect(Math.max(...labels)).toBe(9);
  });

  it('agrees with numpy on three rows, the sum of all pixels and the images per class', () => {
    for (const [row, values] of Object.entries(golden.digits.rows)) {
      const start = Number(row) * 64;
      expect(Array.from(images.subarray(start, start + 64), (grey) => grey * 16)).toEqual(
        values.slice(0, 64),
      );
      expect(labels[Number(row)]).toBe(values[64]);
    }
    expect(images.reduce((sum, grey) => sum + grey * 16, 0)).toBe(golden.digits.pixelSum);
    const perClass = new Array<number>(10).fill(0);
    for (const label of labels) perClass[label]!++;
    expect(perClass).toEqual(golden.digits.perClass);
  });

  it('gives every caller arrays of its own', async () => {
    const other = await loadDigits();
    other.images.fill(9);
    expect(images[2]).toBe(5 / 16);
  });
});
