import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as t from '../../src/index.js';
import { tensor } from '../../src/index.js';
import { at, broadcastShape, build, type Nd, nd, sizeOf, zip } from './reference/nd.js';

const assert = (property: Parameters<typeof fc.assert>[0], numRuns = 150): void => {
  void fc.assert(property, { numRuns, seed: 20240607 });
};
const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
const numbers = fc.float({ min: -100, max: 100, noNaN: true });
const arrays = shapes.chain((shape) =>
  fc.array(numbers, { minLength: sizeOf(shape), maxLength: sizeOf(shape) }).map((data) => nd(shape, data)),
);
const ofNd = ({ shape, data }: Nd): t.Tensor => tensor(Float32Array.from(data), shape);
const equals = (got: t.Tensor, want: Nd): void => {
  expect(got.shape).toEqual(want.shape);
  expect([...got.dataSync()].map((v) => v + 0)).toEqual([...Float32Array.from(want.data)].map((v) => v + 0));
};

describe('broadcasting', () => {
  /** Two shapes that broadcast: one full, the other with axes left out or of size 1. */
  const pairs = shapes.chain((full) =>
    fc
      .record({
        ones: fc.array(fc.boolean(), { minLength: full.length, maxLength: full.length }),
        cut: fc.nat(full.length),
      })
      .map(({ ones, cut }) => [full, full.map((d, i) => (ones[i] ? 1 : d)).slice(cut)] as const),
  );
  it('aligns axes from the right and repeats those of size 1', () => {
    assert(
      fc.property(pairs, fc.boolean(), ([a, b], swap) => {
        const [left, right] = (swap ? [b, a] : [a, b]).map((shape, i) =>
          build(shape, (index) => i * 7 + index.reduce((s, v) => s * 5 + v, 1)),
        );
        equals(
          t.add(ofNd(left), ofNd(right)),
          zip((x, y) => x + y, left, right),
        );
        expect(t.add(ofNd(left), ofNd(right)).shape).toEqual(broadcastShape(a, b));
      }),
    );
  });
  it('refuses sizes that differ and are not 1', () => {
    assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 5 }), (m, n) => {
        fc.pre(m !== n);
        expect(() => t.add(t.zeros([m]), t.zeros([n]))).toThrow(t.ShapeError);
      }),
    );
  });
});

describe('views', () => {
  const steps = fc.array(fc.record({ kind: fc.nat(3), seed: fc.nat(1000) }), { maxLength: 5 });
  it('name the right elements through any chain of transposes, slices, flips and reshapes', () => {
    assert(
      fc.property(arrays, steps, (start, chain) => {
        let [x, want] = [ofNd(start), start];
        for (const { kind, seed } of chain) {
          const { shape } = want;
          if (kind === 0) {
            const perm = shape
              .map((_, i) => i)
              .sort((i, j) => ((seed * (i + 3)) % 7) - ((seed * (j + 3)) % 7) || i - j);
            x = t.transpose(x, perm);
            want = build(
              perm.map((p) => shape[p]),
              (index) =>
                at(
                  want,
                  shape.map((_, a) => index[perm.indexOf(a)]),
                ),
            );
          } else if (kind === 1) {
            const by = shape.map((_, i) => 1 + ((seed + i) % 2));
            const from = shape.map((d, i) => (d > 1 ? (seed + i) % 2 : 0));
            x = t.slice(x, from, undefined, by);
            want = build(
              shape.map((d, a) => Math.max(0, Math.ceil((d - from[a]) / by[a]))),
              (index) =>
                at(
                  want,
                  index.map((i, a) => from[a] + i * by[a]),
                ),
            );
          } else if (kind === 2) {
            x = t.flip(x);
            want = build(shape, (index) =>
              at(
                want,
                index.map((i, a) => shape[a] - 1 - i),
              ),
            );
          } else {
            const flat = shape.length > 1 && seed % 2 ? [shape[0], sizeOf(shape.slice(1))] : [sizeOf(shape)];
            x = t.reshape(x, flat);
            want = nd(flat, want.data);
          }
          const before = want;
          want = nd(before.shape, before.data);
        }
        equals(x, want);
        equals(
          t.neg(x),
          zip((v) => -v, want),
        );
        equals(
          t.jit((y: t.Tensor) => t.mul(y, 2))(x),
          zip((v) => v * 2, want),
        );
      }),
      300,
    );
  });
});

describe('empty and scalar tensors', () => {
  it('go through elementwise operations, sums, products and joins', () => {
    assert(
      fc.property(shapes, (shape) => {
        const x = t.zeros(shape);
        expect(t.exp(x).shape).toEqual(shape);
        expect(t.sum(x).item()).toBe(0);
        expect(t.prod(t.ones(shape)).item()).toBe(1);
        if (shape.length > 0) {
          expect(t.concat([x, x], 0).shape).toEqual([2 * shape[0], ...shape.slice(1)]);
          expect(t.cumsum(x, 0).shape).toEqual(shape);
          expect(t.sort(x).shape).toEqual(shape);
        }
        const loss = (v: t.Tensor): t.Tensor => t.sum(t.mul(t.sin(v), v));
        expect((t.grad(loss)(x) as t.Tensor).shape).toEqual(shape);
      }),
    );
  });
});

describe('NaN and infinities', () => {
  const odd = fc.array(fc.constantFrom(NaN, Infinity, -Infinity, 0, 1, -2, 3.5), {
    minLength: 1,
    maxLength: 40,
  });
  it('travel through extrema and sums, and sort last', () => {
    assert(
      fc.property(odd, (values) => {
        const x = tensor(values);
        expect(t.max(x).item()).toBe(Math.max(...values));
        expect(t.min(x).item()).toBe(Math.min(...values));
        expect(
          Object.is(
            t.sum(x).item(),
            values.reduce((a, b) => a + b, 0),
          ),
        ).toBe(true);
        const nans = values.filter(Number.isNaN).length;
        const sorted = [...t.sort(x).dataSync()];
        expect(sorted.slice(values.length - nans).every(Number.isNaN)).toBe(true);
        expect(sorted.slice(0, values.length - nans)).toEqual(
          values.filter((v) => !Number.isNaN(v)).sort((a, b) => a - b),
        );
        expect([...t.isNaN(x).dataSync()]).toEqual(values.map((v) => Number(Number.isNaN(v))));
      }),
    );
  });
});

describe('tensors of more than 2^24 elements', () => {
  const n = 2 ** 24 + 9;
  it('are indexed exactly to the last element', () => {
    t.tidy(() => {
      const x = t.arange(n);
      const index = tensor([0, 2 ** 24 - 1, 2 ** 24 + 1, n - 1], [4], 'int32');
      expect([...t.take(t.add(x, 1), index).dataSync()]).toEqual([1, 2 ** 24, 2 ** 24 + 2, n]);
      expect([...t.slice(t.flip(x), [0], [2]).dataSync()]).toEqual([n - 1, n - 2]);
      expect(t.sum(t.less(x, 2 ** 24 + 3)).item()).toBe(2 ** 24 + 3);
      expect(t.argmax(t.equal(x, 2 ** 24 + 5)).item()).toBe(2 ** 24 + 5);
    });
    t.resetBackend();
  });
  it('add up without losing digits', () => {
    expect(t.sum(t.full([n], 0.1)).item() / (n * Math.fround(0.1))).toBeCloseTo(1, 5);
  });
});
