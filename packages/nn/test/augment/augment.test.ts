import { jit, key, tensor, zeros } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { composeAugmentations, gaussianNoise, randomFlip, randomTranslate } from '../../src/index.js';

const input = [1, 3, 3] as const;
/** One dot in the middle of each of 200 images of 3×3. */
const dots = tensor(
  Float32Array.from({ length: 200 * 9 }, (_, i) => (i % 9 === 4 ? 1 : 0)),
  [200, 9],
);
const rowsOf = (values: ArrayLike<number>, width: number): number[][] =>
  Array.from({ length: values.length / width }, (_, i) =>
    Array.from(values).slice(i * width, (i + 1) * width),
  );

describe('randomTranslate', () => {
  it('moves the dot of every image to one of the nine places, all of them', () => {
    const moved = rowsOf(randomTranslate({ input, pixels: 1 })(dots, key(1)).dataSync(), 9);
    for (const row of moved) expect(row.toSorted()).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(new Set(moved.map((row) => row.indexOf(1))).size).toBe(9);
  });

  it('lets zeros enter and moves channels together', () => {
    const image = tensor([
      [
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ],
    ]);
    const seen = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      seen.add(String([...randomTranslate({ input: [2, 2, 2], pixels: 1 })(image, key(seed)).dataSync()]));
    }
    expect(seen).toContain('1,2,3,4,5,6,7,8');
    expect(seen).toContain('0,1,0,3,0,5,0,7'); // one to the right
    expect(seen).toContain('4,0,0,0,8,0,0,0'); // up and left
    expect(seen.size).toBe(9);
  });

  it('does nothing with 0 pixels, and gives the same inside jit', () => {
    expect(randomTranslate({ input, pixels: 0 })(dots, key(1)).dataSync()).toEqual(dots.dataSync());
    const augment = randomTranslate({ input, pixels: 1 });
    expect(jit(augment)(dots, key(3)).dataSync()).toEqual(augment(dots, key(3)).dataSync());
  });
});

describe('randomFlip', () => {
  it('mirrors about half of the images', () => {
    const image = Float32Array.from({ length: 200 * 9 }, (_, i) => i % 9);
    const rows = rowsOf(randomFlip({ input })(tensor(image, [200, 9]), key(2)).dataSync(), 9).map(String);
    const mirrored = rows.filter((row) => row === '2,1,0,5,4,3,8,7,6').length;
    expect(rows.filter((row) => row === '0,1,2,3,4,5,6,7,8')).toHaveLength(200 - mirrored);
    expect(mirrored).toBeGreaterThan(70);
    expect(mirrored).toBeLessThan(130);
  });
});

describe('gaussianNoise', () => {
  it('has the deviation asked for and stays within the range', () => {
    const noise = Array.from(gaussianNoise({ deviation: 2 })(zeros([4000]), key(1)).dataSync());
    expect(Math.sqrt(noise.reduce((s, v) => s + v * v, 0) / 4000)).toBeCloseTo(2, 0);
    const clipped = Array.from(
      gaussianNoise({ deviation: 2, range: [0, 1] })(zeros([4000]), key(1)).dataSync(),
    );
    expect([Math.min(...clipped), Math.max(...clipped)]).toEqual([0, 1]);
  });
});

it('composed augmentations run in order, each with a key of its own', () => {
  const noise = gaussianNoise({ deviation: 1 });
  const twice = composeAugmentations(noise, noise)(zeros([1000]), key(1)).dataSync();
  const variance = Array.from(twice).reduce((s, v) => s + v * v, 0) / 1000;
  expect(variance).toBeGreaterThan(1.6); // independent noises add up to 2, equal ones to 4
  expect(variance).toBeLessThan(2.4);
});

it('refuses options outside their range', () => {
  expect(() => randomTranslate({ input, pixels: -1 })).toThrow(
    'randomTranslate: expected pixels to be a whole number of at least 0, received -1',
  );
  expect(() => randomFlip({ input, probability: 2 })).toThrow(
    'randomFlip: expected probability from 0 to 1, received 2',
  );
  expect(() => gaussianNoise({ deviation: NaN })).toThrow(
    'gaussianNoise: expected a finite deviation of at least 0, received NaN',
  );
  expect(() => randomFlip({ input })(zeros([2, 8]), key(0))).toThrow(
    'randomFlip: expected images [N, 1, 3, 3] or rows [N, 9], received [2, 8]',
  );
});
