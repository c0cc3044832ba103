import { describe, expect, it } from 'vitest';
import { addGaussianNoise } from '../src/index.js';
import { parkMiller } from './helpers.js';

const grey = (value: number, images: number): Float32Array => new Float32Array(images * 64).fill(value);

describe('addGaussianNoise', () => {
  it('turns two draws into two normal deviates by Box and Muller', () => {
    // u = 1 - e^-0.5 makes the radius 1; u = 0.125 makes the angle 45 degrees: both deviates are √½.
    const draws = [1 - Math.exp(-0.5), 0.125];
    let i = 0;
    const out = addGaussianNoise(grey(0.5, 1), { standardDeviation: 0.1, random: () => draws[i++ % 2]! });
    expect(i).toBe(64);
    expect(out.every((value) => Math.abs(value - (0.5 + 0.1 * Math.SQRT1_2)) < 1e-7)).toBe(true);
  });

  it('has the mean and deviation asked for, within four standard errors of 64,000 draws', () => {
    const out = addGaussianNoise(grey(0.5, 1000), { standardDeviation: 0.1, random: parkMiller(7) });
    const mean = out.reduce((sum, v) => sum + v, 0) / out.length;
    const variance = out.reduce((sum, v) => sum + (v - mean) ** 2, 0) / out.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan((4 * 0.1) / Math.sqrt(64_000));
    expect(Math.abs(Math.sqrt(variance) - 0.1)).toBeLessThan((4 * 0.1) / Math.sqrt(128_000));
  });

  it('gives the same noise for the same draws, and stays within 0 and 1', () => {
    const noisy = (seed: number): Float32Array =>
      addGaussianNoise(grey(0, 2), { standardDeviation: 2, random: parkMiller(seed) });
    expect(noisy(3)).toEqual(noisy(3));
    expect(noisy(3)).not.toEqual(noisy(4));
    expect(noisy(3).every((v) => v >= 0 && v <= 1)).toBe(true);
  });

  it('refuses draws outside [0, 1) and a negative deviation', () => {
    expect(() => addGaussianNoise(grey(0, 1), { standardDeviation: 1, random: () => 1 })).toThrow(
      'random() returned 1, expected a number in [0, 1)',
    );
    expect(() => addGaussianNoise(grey(0, 1), { standardDeviation: -1, random: () => 0 })).toThrow(
      'standardDeviation is -1',
    );
  });
});
