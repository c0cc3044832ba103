import type { ChartSpec } from '@weightloom/cli-kit/charts';
import { TRAINING } from './measure.js';
import type { Outcome } from './run-benchmark.js';

/** Charts of what was timed; none where nothing was. */
export function benchmarkCharts(outcomes: readonly Outcome[]): ChartSpec[] {
  const timed = outcomes.filter(({ measurements }) =>
    measurements.some(({ seconds }) => seconds !== undefined),
  );
  const tasks = [...new Set(timed.flatMap(({ measurements }) => measurements.map(({ task }) => task)))];
  const products = tasks.filter((task) => task !== TRAINING);
  const rate = ({ measurements }: Outcome, task: string): number => {
    const seconds = measurements.find((own) => own.task === task)?.seconds;
    return seconds === undefined ? 0 : (2 * Number(task.split(' ')[1]) ** 3) / seconds / 1e9;
  };
  const steps = timed.flatMap(({ contestant, measurements }) => {
    const seconds = measurements.find(({ task }) => task === TRAINING)?.seconds;
    return seconds === undefined ? [] : [{ name: contestant.name, value: 1000 * seconds }];
  });
  return [
    ...(products.length > 0
      ? [
          {
            type: 'bar' as const,
            title: 'Matrix product: more is better',
            categories: products,
            valueAxis: { label: 'GFLOP/s' },
            series: timed.map((outcome) => ({
              name: outcome.contestant.name,
              values: products.map((task) => rate(outcome, task)),
            })),
          },
        ]
      : []),
    ...(steps.length > 0
      ? [
          {
            type: 'bar' as const,
            title: 'Training step of a perceptron 784-256-10, batch 128: less is better',
            horizontal: true,
            categories: steps.map(({ name }) => name),
            valueAxis: { label: 'milliseconds' },
            series: [{ name: 'one step', values: steps.map(({ value }) => value) }],
          },
        ]
      : []),
  ];
}
