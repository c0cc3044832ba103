import type { Outcome, Score } from './experiment.js';

const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
const deviation = (x: readonly number[]): number => {
  const m = mean(x);
  return Math.sqrt(mean(x.map((v) => (v - m) ** 2)));
};

/** One row of the table: a model or merge over all seeds, in percent. */
export interface Row {
  readonly name: string;
  readonly kind: Score['kind'];
  readonly clean: number;
  readonly cleanDeviation: number;
  readonly shifted: number;
  readonly shiftedDeviation: number;
}

/** The uniform soup against the mean of its ingredients on shifted pictures, in percent, for one seed. */
export interface Gain {
  readonly seed: number;
  readonly soup: number;
  readonly ingredients: number;
  readonly gain: number;
}

export function rowsOf(outcomes: readonly Outcome[]): Row[] {
  return outcomes[0].scores.map(({ name, kind }, i) => {
    const column = (which: 'clean' | 'shifted'): number[] => outcomes.map((o) => 100 * o.scores[i][which]);
    return {
      name,
      kind,
      clean: mean(column('clean')),
      cleanDeviation: deviation(column('clean')),
      shifted: mean(column('shifted')),
      shiftedDeviation: deviation(column('shifted')),
    };
  });
}

export function gainsOf(outcomes: readonly Outcome[]): Gain[] {
  return outcomes.map(({ seed, scores }) => {
    const soup = 100 * scores.find((s) => s.name === 'uniformSoup')!.shifted;
    const ingredients = mean(scores.filter((s) => s.kind === 'variant').map((s) => 100 * s.shifted));
    return { seed, soup, ingredients, gain: soup - ingredients };
  });
}

export const meanGain = (gains: readonly Gain[]): number => mean(gains.map((g) => g.gain));

/** Pointwise mean and range of the interpolation curves. */
export function curveOf(outcomes: readonly Outcome[], which: 'clean' | 'shifted') {
  const at = outcomes[0].interpolation.map((_, i) => outcomes.map((o) => 100 * o.interpolation[i][which]));
  return {
    x: outcomes[0].interpolation.map((p) => p.t),
    y: at.map(mean),
    band: { lower: at.map((v) => Math.min(...v)), upper: at.map((v) => Math.max(...v)) },
  };
}
