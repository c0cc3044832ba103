import { describe, expect, it } from 'vitest';
import { chartColours, chartVariables } from '../../src/charts/index.js';

type Triple = [number, number, number];

/** Linear light of a colour written `#rrggbb`. */
const linear = (colour: string): Triple =>
  [1, 3, 5].map((at) => {
    const value = parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Triple;
const times = (matrix: number[][], vector: number[]): number[] =>
  matrix.map((row) => row.reduce((sum, value, i) => sum + value * vector[i]!, 0));
const luminance = (colour: string): number => times([[0.2126, 0.7152, 0.0722]], linear(colour))[0]!;
/** WCAG 2 contrast ratio. */
function contrast(a: string, b: string): number {
  const [dark, bright] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (bright + 0.05) / (dark + 0.05);
}

/** Machado, Oliveira and Fernandes 2009, full severity; the first is normal vision. */
const VISION = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Björn Ottosson's OKLab, from linear sRGB. */
function oklab(rgb: number[]): number[] {
  const lms = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    rgb.map((value) => Math.min(1, Math.max(0, value))),
  ).map(Math.cbrt);
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    lms,
  );
}

describe.each(['light', 'dark'] as const)('the %s palette', (mode) => {
  const colours = chartColours(mode);
  const series = Object.keys(colours)
    .filter((name) => name.startsWith('series-'))
    .map((name) => colours[name]!);

  it('has six series colours with a contrast of at least 3:1 on the background', () => {
    expect(series).toHaveLength(6);
    for (const colour of series) expect(contrast(colour, colours.surface!)).toBeGreaterThanOrEqual(3);
  });

  it.each(Object.entries(VISION))(
    'keeps every two series colours 0.1 apart in OKLab with %s vision',
    (_kind, matrix) => {
      const seen = series.map((colour) => oklab(times(matrix, linear(colour))));
      for (let i = 0; i < seen.length; i++) {
        for (let j = 0; j < i; j++) {
          expect(Math.hypot(...seen[i]!.map((value, k) => value - seen[j]![k]!))).toBeGreaterThanOrEqual(0.1);
        }
      }
    },
  );

  it('has text with a contrast of at least 4.5:1 on the background and on every shade', () => {
    expect(contrast(colours.ink!, colours.surface!)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(colours.muted!, colours.surface!)).toBeGreaterThanOrEqual(4.5);
    for (const ramp of ['ramp', 'diverging']) {
      for (let step = 0; step < 16; step++) {
        expect(
          contrast(colours[`${ramp}-text-${step}`]!, colours[`${ramp}-${step}`]!),
        ).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it('has a ramp whose every shade stands out more than the one before', () => {
    const distances = Array.from({ length: 16 }, (_, step) =>
      contrast(colours[`ramp-${step}`]!, colours.surface!),
    );
    expect([...distances].sort((a, b) => a - b)).toEqual(distances);
  });

  it('declares every colour as a CSS variable', () => {
    const css = chartVariables(mode);
    for (const [name, colour] of Object.entries(colours)) expect(css).toContain(`--wl-${name}: ${colour};`);
  });
});
