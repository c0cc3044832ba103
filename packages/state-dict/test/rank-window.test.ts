import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rankWindow } from '../src/index.js';

/** Marks the window, with the scores shown in pieces of `piece`. */
function mark(scores: readonly number[], from: number, to: number, piece = scores.length || 1): number[] {
  const list = Float32Array.from(scores);
  const pieces: Float32Array[] = [];
  for (let at = 0; at < list.length; at += piece) pieces.push(list.slice(at, at + piece));
  const window = rankWindow(list.length, from, to);
  for (const { reduce, finish } of window.passes) {
    pieces.forEach((part) => reduce(part));
    finish();
  }
  const walk = window.walk();
  return pieces.flatMap((part) => {
    const mask = new Uint8Array(part.length);
    walk(part, mask);
    return [...mask];
  });
}

describe('rankWindow', () => {
  it('keeps the largest', () => {
    expect(mark([3, 1, 4, 1.5, 9], 3, 5)).toEqual([0, 0, 1, 0, 1]);
  });

  it('keeps the middle', () => {
    expect(mark([3, 1, 4, 1.5, 9], 1, 4)).toEqual([1, 0, 1, 1, 0]);
  });

  it('keeps the first of equal scores at the lower border, and the last at the upper', () => {
    expect(mark([2, 2, 2, 2], 2, 4)).toEqual([1, 1, 0, 0]);
    expect(mark([2, 2, 2, 2], 0, 2)).toEqual([0, 0, 1, 1]);
    expect(mark([2, 2, 2, 2], 1, 3)).toEqual([0, 1, 1, 0]);
  });

  it('keeps nothing or everything without looking', () => {
    expect(mark([5, 6], 1, 1)).toEqual([0, 0]);
    expect(mark([5, 6], 0, 2)).toEqual([1, 1]);
    expect(mark([], 0, 0)).toEqual([]);
  });

  it('tells apart zero, the smallest numbers and infinity', () => {
    expect(mark([1e-45, 0, Infinity, 3e38], 1, 3)).toEqual([1, 0, 0, 1]);
  });

  it('agrees with sorting, however the scores are cut up', () => {
    const score = fc.oneof(
      fc.constantFrom(0, 1, 1, 2),
      fc.float({ noNaN: true, min: 0, noDefaultInfinity: true }),
    );
    const scores = fc.array(score, { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(scores, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 9 }), (list, x, y, piece) => {
        const [from, to] = [x % (list.length + 1), y % (list.length + 1)].sort((p, q) => p - q) as [
          number,
          number,
        ];
        const order = list.map((_, i) => i).sort((p, q) => list[p]! - list[q]! || q - p);
        const inside = new Set(order.slice(from, to));
        expect(mark(list, from, to, piece)).toEqual(list.map((_, i) => (inside.has(i) ? 1 : 0)));
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  it('refuses windows that leave the ranks', () => {
    expect(() => rankWindow(3, 2, 4)).toThrow('rankWindow: expected 0 ≤ from ≤ to ≤ 3, received 2 and 4');
  });
});
