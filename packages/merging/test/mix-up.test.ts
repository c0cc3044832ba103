import { key, tensor } from '@weightloom/tensor-gpu';
import { describe, expect, it } from 'vitest';
import { mixUp } from '../src/index.js';
import { numbers } from './helpers.js';

const count = 400;
// Input and label are the same number, so that both must be blended alike.
const targets = tensor(Int32Array.from({ length: count }, (_, i) => i % 3));
const inputs = tensor(
  Float32Array.from({ length: 2 * count }, (_, i) => Math.floor(i / 2) % 3),
  [count, 2],
);

describe('mixUp', () => {
  it('blends inputs and labels with the same shares', async () => {
    const mixed = mixUp({ inputs, targets }, { classes: 3, key: key(1) });
    expect([mixed.inputs.shape, mixed.targets.shape]).toEqual([
      [count, 2],
      [count, 3],
    ]);
    const [x, y] = [await numbers(mixed.inputs), await numbers(mixed.targets)];
    let blended = 0;
    for (let i = 0; i < count; i++) {
      const [a, b, c] = y.slice(3 * i, 3 * i + 3) as [number, number, number];
      expect(a + b + c).toBeCloseTo(1, 6);
      expect(b + 2 * c).toBeCloseTo(x[2 * i]!, 5);
      expect(x[2 * i]).toBe(x[2 * i + 1]);
      if (Math.max(a, b, c) < 0.999) blended++;
    }
    expect(blended).toBeGreaterThan(count / 2); // a third meets its own class
  });

  it.each([0.4, 1, 3])('draws shares from Beta(%d, same)', async (alpha) => {
    const two = {
      inputs: tensor(new Float32Array(4000)),
      targets: tensor(new Int32Array(4000).map((_, i) => i % 2)),
    };
    const { targets: y } = mixUp(two, { classes: 2, alpha, key: key(2) });
    const own = (await numbers(y)).filter((_, i) => i % 2 === Math.floor(i / 2) % 2);
    const others = own.filter((share) => share < 0.9999999); // those that met the other class
    const mean = others.reduce((a, b) => a + b) / others.length;
    const spread = others.reduce((a, b) => a + (b - mean) ** 2, 0) / others.length;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(spread * 4 * (2 * alpha + 1)).toBeGreaterThan(0.9); // the variance is 1 / (4 (2α + 1))
    expect(spread * 4 * (2 * alpha + 1)).toBeLessThan(1.1);
  });

  it('depends on its key alone', async () => {
    const draw = async (seed: number) =>
      numbers(mixUp({ inputs, targets }, { classes: 3, key: key(seed) }).inputs);
    expect(await draw(5)).toEqual(await draw(5));
    expect(await draw(5)).not.toEqual(await draw(6));
  });

  it('refuses alpha out of range and rows that do not fit', () => {
    const options = { classes: 3, key: key(0) };
    expect(() => mixUp({ inputs, targets }, { ...options, alpha: 0 })).toThrow(
      'mixUp: expected alpha above 0',
    );
    expect(() => mixUp({ inputs, targets }, { ...options, alpha: 9 })).toThrow('from 0 to 4, received 9');
    expect(() => mixUp({ inputs, targets: tensor(Int32Array.of(1)) }, options)).toThrow(
      'mixUp: expected inputs [n, …] and labels [n] with the same n ≥ 1, received [400, 2] and [1]',
    );
  });
});
