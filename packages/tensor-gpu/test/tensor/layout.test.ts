import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyView, contiguous, isContiguous, type Layout, type ViewOp } from '../../src/tensor/layout.js';
import { sizeOf } from '../../src/tensor/shape.js';

/** Buffer positions in row-major order of the view. */
function positions({ shape, offset, strides }: Layout): number[] {
  const out: number[] = [];
  const walk = (axis: number, at: number): void => {
    if (axis === shape.length) out.push(at);
    else for (let i = 0; i < shape[axis]; i++) walk(axis + 1, at + i * strides[axis]);
  };
  walk(0, offset);
  return out;
}

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });

describe('views', () => {
  it('reshape keeps the row-major order whenever strides can say it', () => {
    fc.assert(
      fc.property(shapes, fc.infiniteStream(fc.nat()), (shape, stream) => {
        const pick = (n: number): number => (stream.next().value as number) % n;
        const perm = shape.map((_, i) => i).sort(() => pick(3) - 1);
        const start = applyView(contiguous(shape), { op: 'transpose', perm })!;
        const n = sizeOf(shape);
        const divisors = Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
        const first = divisors[pick(divisors.length)];
        const next = applyView(start, { op: 'reshape', shape: [first, 1, n / first] });
        if (next) expect(positions(next)).toEqual(positions(start));
        else expect(isContiguous(start)).toBe(false);
      }),
    );
  });

  it('a transposed matrix cannot be flattened without a copy', () => {
    const turned = applyView(contiguous([2, 3]), { op: 'transpose', perm: [1, 0] })!;
    expect(applyView(turned, { op: 'reshape', shape: [6] })).toBeNull();
    expect(positions(applyView(turned, { op: 'reshape', shape: [3, 2, 1] })!)).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it('broadcast repeats, slice walks backwards', () => {
    const views: ViewOp[] = [
      { op: 'broadcast', shape: [2, 3] },
      { op: 'slice', starts: [0, 2], sizes: [2, 2], steps: [1, -2] },
    ];
    const repeated = applyView(contiguous([3]), views[0])!;
    expect(positions(repeated)).toEqual([0, 1, 2, 0, 1, 2]);
    expect(positions(applyView(repeated, views[1])!)).toEqual([2, 0, 2, 0]);
  });

  it('an empty view is contiguous under any strides', () => {
    expect(isContiguous({ shape: [0, 3], offset: 0, strides: [7, 5] })).toBe(true);
  });
});
