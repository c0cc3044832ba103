import type { BarChart } from '@weightloom/cli-kit/charts';

export const mean = (x: readonly number[]): number => x.reduce((sum, value) => sum + value, 0) / x.length;

/** Standard deviation of a sample; 0 for one number. */
export const deviation = (x: readonly number[]): number =>
  x.length < 2 ? 0 : Math.sqrt(x.reduce((sum, value) => sum + (value - mean(x)) ** 2, 0) / (x.length - 1));

/** A name, and one number for each seed. */
export interface Measured {
  readonly name: string;
  readonly of: readonly number[];
}

/** Bars of means over the seeds, with their standard deviations. */
export const barsOf = (
  title: string,
  label: string,
  measured: readonly Measured[],
  range?: readonly [number, number],
): BarChart => ({
  type: 'bar',
  title,
  categories: measured.map(({ name }) => name),
  valueAxis: { label, range },
  series: [
    {
      name: 'mean over the seeds',
      values: measured.map(({ of }) => mean(of)),
      errors: measured.map(({ of }) => deviation(of)),
    },
  ],
});

/** A table with one row for each seed. */
export const tableOf = (
  seeds: readonly number[],
  measured: readonly Measured[],
): { columns: string[]; rows: number[][] } => ({
  columns: ['Seed', ...measured.map(({ name }) => name)],
  rows: seeds.map((seed, i) => [seed, ...measured.map(({ of }) => of[i]!)]),
});
