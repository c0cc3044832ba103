import { describe, expect, it } from 'vitest';
import { Bench, noise } from './core-harness.js';

const bench = new Bench(8);

const cases = [
  { B: 1, C: 1, H: 3, W: 3, kh: 2, kw: 2, sh: 1, sw: 1, ph: 0, pw: 0, dh: 1, dw: 1 },
  { B: 2, C: 3, H: 8, W: 8, kh: 3, kw: 3, sh: 1, sw: 1, ph: 1, pw: 1, dh: 1, dw: 1 },
  { B: 2, C: 2, H: 9, W: 11, kh: 3, kw: 2, sh: 2, sw: 3, ph: 1, pw: 0, dh: 1, dw: 1 },
  { B: 1, C: 2, H: 10, W: 23, kh: 3, kw: 3, sh: 1, sw: 1, ph: 2, pw: 4, dh: 2, dw: 2 },
  { B: 1, C: 1, H: 5, W: 6, kh: 5, kw: 6, sh: 1, sw: 1, ph: 0, pw: 0, dh: 1, dw: 1 },
  { B: 2, C: 1, H: 4, W: 4, kh: 2, kw: 2, sh: 2, sw: 2, ph: 0, pw: 0, dh: 1, dw: 1 },
  { B: 1, C: 1, H: 2, W: 2, kh: 3, kw: 3, sh: 1, sw: 2, ph: 5, pw: 5, dh: 1, dw: 3 },
  { B: 1, C: 3, H: 1, W: 40, kh: 1, kw: 5, sh: 1, sw: 1, ph: 0, pw: 2, dh: 1, dw: 1 },
  { B: 1, C: 1, H: 12, W: 12, kh: 1, kw: 1, sh: 3, sw: 3, ph: 0, pw: 0, dh: 1, dw: 1 },
];
type Case = (typeof cases)[number];

const outputSize = (size: number, pad: number, kernel: number, stride: number, dilation: number): number =>
  Math.floor((size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;

function sizes(c: Case): { oh: number; ow: number; inputs: number; windows: number } {
  const oh = outputSize(c.H, c.ph, c.kh, c.sh, c.dh);
  const ow = outputSize(c.W, c.pw, c.kw, c.sw, c.dw);
  return { oh, ow, inputs: c.B * c.C * c.H * c.W, windows: c.B * c.C * c.kh * c.kw * oh * ow };
}

/** Calls `visit(window position, input position or -1)` in the order of the windows. */
function walk(c: Case, visit: (at: number, from: number) => void): void {
  const { oh, ow } = sizes(c);
  let at = 0;
  for (let bc = 0; bc < c.B * c.C; bc++) {
    for (let i = 0; i < c.kh; i++) {
      for (let j = 0; j < c.kw; j++) {
        for (let y = 0; y < oh; y++) {
          for (let z = 0; z < ow; z++) {
            const row = y * c.sh - c.ph + i * c.dh;
            const col = z * c.sw - c.pw + j * c.dw;
            const inside = row >= 0 && row < c.H && col >= 0 && col < c.W;
            visit(at++, inside ? (bc * c.H + row) * c.W + col : -1);
          }
        }
      }
    }
  }
}

describe.each(cases)(
  'windows of $H × $W by $kh × $kw, stride $sh $sw, padding $ph $pw, dilation $dh $dw',
  (c) => {
    const { oh, ow, inputs, windows } = sizes(c);

    it.each([0, -Infinity])('unfolds with %d outside', (fill) => {
      bench.reset();
      const x = noise(inputs);
      const out = bench.alloc(windows * 4);
      const { B, C, H, W, kh, kw, sh, sw, ph, pw, dh, dw } = c;
      bench.core.unfold2d(B, C, H, W, kh, kw, sh, sw, ph, pw, dh, dw, oh, ow, fill, bench.put(x), out);
      const want = new Float32Array(windows);
      walk(c, (at, from) => (want[at] = from < 0 ? fill : x[from]!));
      expect(bench.f32(out, windows)).toEqual(want);
      expect(bench.damaged()).toEqual([]);
    });

    it('folds back by adding in window order', () => {
      bench.reset();
      const x = noise(windows);
      const out = bench.put(new Float32Array(inputs).fill(NaN));
      const { B, C, H, W, kh, kw, sh, sw, ph, pw, dh, dw } = c;
      bench.core.fold2d(B, C, H, W, kh, kw, sh, sw, ph, pw, dh, dw, oh, ow, bench.put(x), out);
      const want = new Float32Array(inputs);
      walk(c, (at, from) => {
        if (from >= 0) want[from] = Math.fround(want[from]! + x[at]!);
      });
      expect(bench.f32(out, inputs)).toEqual(want);
      expect(bench.damaged()).toEqual([]);
    });
  },
);

describe('unfold2d', () => {
  it('leaves the end padding to the output size, so that padding may differ on the two sides', () => {
    bench.reset();
    const out = bench.alloc(6 * 4);
    // One row of 3, kernel 2, padding 1 before and 2 after: 5 windows; here the first kernel column of 3 windows.
    bench.core.unfold2d(
      1,
      1,
      1,
      3,
      1,
      1,
      1,
      1,
      0,
      1,
      1,
      1,
      1,
      6,
      9,
      bench.put(Float32Array.of(1, 2, 3)),
      out,
    );
    expect([...bench.f32(out, 6)]).toEqual([9, 1, 2, 3, 9, 9]);
  });
});
